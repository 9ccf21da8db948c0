import { readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { type Address, contains, isLoopback, type Network } from "../routing/addresses.ts";
import { dockerNetworks, type InterfaceAddress, interfacesFromKernel } from "../routing/kernel-interfaces.ts";

/**
 * The addresses of this host's interfaces at this moment. On Linux by the kernel's files as well, because the
 * C library's list lacks interfaces without carrier (see `interfacesFromKernel`).
 */
export function readInterfaces(): InterfaceAddress[] {
  const running = runningInterfaces();
  if (process.platform !== "linux") return running;
  const fibTrie = read("/proc/net/fib_trie");
  if (fibTrie === "") return running;
  return interfacesFromKernel(
    { fibTrie, route: read("/proc/net/route"), ifInet6: read("/proc/net/if_inet6") },
    running,
  );
}

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

function runningInterfaces(): InterfaceAddress[] {
  return Object.entries(safeNetworkInterfaces()).flatMap(([name, addresses]) =>
    (addresses ?? []).map((one): InterfaceAddress => {
      const [address = "", prefix = ""] = (one.cidr ?? `${one.address}/32`).split("/");
      return { name, address, family: one.family === "IPv4" ? 4 : 6, prefix: Number(prefix) };
    }),
  );
}

/** It throws where the process may not open netlink sockets (systemd's RestrictAddressFamilies). */
function safeNetworkInterfaces(): ReturnType<typeof networkInterfaces> {
  try {
    return networkInterfaces();
  } catch {
    return {};
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
