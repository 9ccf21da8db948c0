import { readInterfaces } from "../config/read-interfaces.ts";
import { type Address, contains, isLoopback, type Network } from "../routing/addresses.ts";
import { dockerNetworks, type InterfaceAddress } from "../routing/kernel-interfaces.ts";

/** This host's interfaces, remembered for a second: what the gate asks for every client. */
export class Interfaces {
  readonly #read: () => readonly InterfaceAddress[];
  readonly #now: () => number;
  #readAt = Number.NEGATIVE_INFINITY;
  #own = new Set<string>();
  #docker: Network[] = [];

  /** `now` in milliseconds, as performance.now gives them. */
  constructor(
    read: () => readonly InterfaceAddress[] = readInterfaces,
    now: () => number = performance.now.bind(performance),
  ) {
    this.#read = read;
    this.#now = now;
  }

  /** True when the address is one of this host's own: a client with that source is the host itself. */
  isOwnAddress(address: Address): boolean {
    this.#refresh(longestMemory);
    return isLoopback(address) || this.#own.has(address.text);
  }

  /** The Docker engine's network that the address is in. */
  dockerNetworkOf(address: Address): Network | undefined {
    this.#refresh(longestMemory);
    return this.#docker.find((network) => contains(network, address));
  }

  /**
   * Reads the kernel's files again unless that was just done: called before a client is turned away, so that
   * a network counts from the moment it exists, and a flood of strangers does not cost a read each.
   * Returns whether it read.
   */
  reread(): boolean {
    return this.#refresh(shortestMemory);
  }

  #refresh(oldest: number): boolean {
    const now = this.#now();
    if (now - this.#readAt < oldest) return false;
    this.#readAt = now;
    const interfaces = this.#read();
    this.#own = new Set(interfaces.map((one) => one.address));
    this.#docker = dockerNetworks(interfaces);
    return true;
  }
}

const longestMemory = 1000;
const shortestMemory = 50;
