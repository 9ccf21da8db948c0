import { endianness } from "node:os";
import { contains, isLinkLocal, type Network, networkOf, parseAddress } from "./addresses.ts";

/** One address of one network interface of this host. */
export interface InterfaceAddress {
  /** Empty when the kernel's files do not tell which interface has it. */
  readonly name: string;
  readonly address: string;
  readonly family: 4 | 6;
  readonly prefix: number;
  /** IPv6 that the kernel has not made sure of yet (RFC 4862, 5.4): it belongs to the host but cannot be bound. */
  readonly tentative?: true;
}

export interface KernelFiles {
  /** The text of /proc/net/fib_trie, /proc/net/route and /proc/net/if_inet6; empty where there is none. */
  readonly fibTrie: string;
  readonly route: string;
  readonly ifInet6: string;
}

/**
 * All addresses of this host by the kernel's own files, and by the list that the C library gives of running
 * interfaces. That list is exact, but leaves out what is up without carrier: `docker0` while no container is
 * attached. For those, an IPv4 address belongs to the interface whose connected route it is in.
 */
export function interfacesFromKernel(
  files: KernelFiles,
  running: readonly InterfaceAddress[],
): InterfaceAddress[] {
  const known = running.filter((one) => one.family === 4);
  const seen = new Set(known.map((one) => one.address));
  const names = new Set(known.map((one) => one.name));
  const routes = connectedRoutes(files.route);
  const others = localAddresses(files.fibTrie).filter((address) => !seen.has(address));
  const quiet = others.map((address): InterfaceAddress => {
    const route = routeOf(address, routes, names);
    return { name: route?.name ?? "", address, family: 4, prefix: route?.network.prefix ?? 32 };
  });
  return [...known, ...quiet, ...inet6Addresses(files.ifInet6)];
}

/**
 * The networks of the Docker engine on this host: those of `docker0`, `docker_gwbridge` and `br-<12 hex digits>`,
 * the names it gives to bridges. Without link-local ones, which are the same on every interface.
 */
export function dockerNetworks(interfaces: readonly InterfaceAddress[]): Network[] {
  return interfaces.flatMap((one) => {
    const address = isDockerInterface(one.name) ? parseAddress(one.address) : undefined;
    return address === undefined || isLinkLocal(address) ? [] : [networkOf(address, one.prefix)];
  });
}

/** True for the names that the Docker engine gives to its bridges. */
export function isDockerInterface(name: string): boolean {
  return /^(?:docker0|docker_gwbridge|br-[\da-f]{12})$/.test(name);
}

interface ConnectedRoute {
  readonly name: string;
  readonly network: Network;
}

/** /proc/net/route: up (1), no gateway (2), and not the default route. */
function connectedRoutes(text: string): ConnectedRoute[] {
  return text.split("\n").flatMap((line) => {
    const [name, destination, , flags, , , , mask] = line.trim().split(/\s+/);
    if (!name || !destination || !mask || !/^[\dA-F]{8}$/.test(destination)) return [];
    if ((Number.parseInt(flags!, 16) & 3) !== 1) return [];
    const prefix = popCount(Number.parseInt(mask, 16));
    const address = parseAddress(hostOrder(destination))!;
    return prefix === 0 ? [] : [{ name, network: networkOf(address, prefix) }];
  });
}

/** The file prints the kernel's number as the machine stores it: `0011A8C0` is 192.168.17.0 on most machines. */
function hostOrder(hex: string): string {
  const bytes = hex.match(/../g)!.map((byte) => Number.parseInt(byte, 16));
  return (endianness() === "LE" ? bytes.reverse() : bytes).join(".");
}

function popCount(bits: number): number {
  return bits
    .toString(2)
    .split("")
    .filter((bit) => bit === "1").length;
}

/** /proc/net/fib_trie: each leaf `|-- address` that has a line `/32 host LOCAL`. */
function localAddresses(text: string): string[] {
  const found = new Set<string>();
  let leaf = "";
  for (const line of text.split("\n")) {
    const address = /\|-- (\S+)/.exec(line);
    if (address) leaf = address[1]!;
    else if (/^\s+\/32 host LOCAL/.test(line)) found.add(leaf);
  }
  return [...found];
}

/** The narrowest connected route; among equals one of an interface that the C library left out. */
function routeOf(
  text: string,
  routes: readonly ConnectedRoute[],
  running: ReadonlySet<string>,
): ConnectedRoute | undefined {
  const address = parseAddress(text)!;
  const rank = (route: ConnectedRoute) => route.network.prefix * 2 + (running.has(route.name) ? 0 : 1);
  return routes
    .filter((route) => contains(route.network, address))
    .sort((a, b) => rank(b) - rank(a))
    .at(0);
}

/** The kernel's IFA_F_ flags. */
const optimistic = 0x04;
const duplicate = 0x08;
const tentative = 0x40;

/** /proc/net/if_inet6: address, index, prefix, scope and flags in hex, name. */
function inet6Addresses(text: string): InterfaceAddress[] {
  return text.split("\n").flatMap((line) => {
    const [hex, , prefix, , flags, name] = line.trim().split(/\s+/);
    if (!hex || !prefix || !name || !/^[\da-f]{32}$/.test(hex)) return [];
    const address = parseAddress(hex.match(/.{4}/g)!.join(":"))!;
    const bits = Number.parseInt(flags!, 16);
    const unsure = (bits & duplicate) !== 0 || (bits & (tentative | optimistic)) === tentative;
    const one = { name, address: address.text, family: 6, prefix: Number.parseInt(prefix, 16) } as const;
    return [unsure ? { ...one, tentative: true } : one];
  });
}
