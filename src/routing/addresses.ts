import { isIPv4 } from "node:net";

/** An IP address as a number. IPv4-mapped IPv6 (RFC 4291, 2.5.5.2) is IPv4 here: one client, one spelling. */
export type Address =
  | { readonly family: 4; readonly bits: number; readonly text: string }
  | { readonly family: 6; readonly bits: bigint; readonly text: string };

/** A network in CIDR form; its bits are masked. An address alone is a network with a full prefix. */
export type Network = Address & { readonly prefix: number };

/**
 * Reads an address literal: dotted IPv4, IPv6 with or without brackets and zone. The zone is dropped.
 * Returns undefined for everything else; `127.1`, `0x7f.1` and `2130706433` are names that a resolver
 * turns into addresses (see {@link looksLikeOddAddress}), to be judged after that.
 */
export function parseAddress(text: string): Address | undefined {
  if (isIPv4(text)) return ipv4(ipv4Bits(text));
  if (!text.includes(":")) return undefined;
  const bare = text.startsWith("[") && text.endsWith("]") ? text.slice(1, -1) : text;
  const [literal = ""] = bare.split("%", 1);
  if (!isIpv6(literal) || !/^(?:%[\da-z.:-]+)?$/i.test(bare.slice(literal.length))) return undefined;
  const bits = ipv6Bits(literal);
  return bits >> 32n === mappedPrefix ? ipv4(Number(bits & 0xffff_ffffn)) : ipv6(bits);
}

/** Reads `10.0.0.0/8`, `fd00::/8`, `[fd00::]/8` or an address alone. Undefined when it is neither. */
export function parseNetwork(text: string): Network | undefined {
  const slash = text.indexOf("/");
  const address = parseAddress(slash === -1 ? text : text.slice(0, slash));
  if (address === undefined) return undefined;
  const most = address.family === 4 ? 32 : 128;
  if (slash === -1) return { ...address, prefix: most };
  const digits = text.slice(slash + 1);
  if (!/^(0|[1-9]\d{0,2})$/.test(digits)) return undefined;
  const mapped = address.family === 4 && text.includes(":");
  const prefix = Number(digits) - (mapped ? 96 : 0);
  return prefix < 0 || prefix > most ? undefined : networkOf(address, prefix);
}

/** The network of `prefix` bits that an address is in. */
export function networkOf(address: Address, prefix: number): Network {
  return address.family === 4
    ? { ...ipv4(mask4(address.bits, prefix)), prefix }
    : { ...ipv6(mask6(address.bits, prefix)), prefix };
}

export function contains(network: Network, address: Address): boolean {
  if (network.family === 4) {
    return address.family === 4 && mask4(address.bits, network.prefix) === network.bits;
  }
  return address.family === 6 && mask6(address.bits, network.prefix) === network.bits;
}

/** The first `prefix` bits of an IPv4 address, the rest zero. */
export function mask4(bits: number, prefix: number): number {
  return prefix === 0 ? 0 : (bits & (-1 << (32 - prefix))) >>> 0;
}

/** The first `prefix` bits of an IPv6 address, the rest zero. */
export function mask6(bits: bigint, prefix: number): bigint {
  const rest = BigInt(128 - prefix);
  return (bits >> rest) << rest;
}

/** 127.0.0.0/8 and ::1. */
export function isLoopback(address: Address): boolean {
  return address.family === 4 ? address.bits >>> 24 === 127 : address.bits === 1n;
}

/** 0.0.0.0 and ::, which connect to this host's loopback on Linux. */
export function isUnspecified(address: Address): boolean {
  return address.family === 4 ? address.bits === 0 : address.bits === 0n;
}

/** 169.254.0.0/16 (RFC 3927) and fe80::/10 (RFC 4291, 2.5.6). */
export function isLinkLocal(address: Address): boolean {
  return address.family === 4 ? address.bits >>> 16 === 0xa9fe : address.bits >> 118n === 0x3fan;
}

/**
 * Where clouds hand out a machine's credentials: to be kept from jobs. Seen through the NAT64 prefix
 * 64:ff9b::/96 (RFC 6052) as well.
 */
export function isMetadata(address: Address): boolean {
  if (metadata.has(address.text)) return true;
  if (address.family === 4 || address.bits >> 32n !== nat64Prefix) return false;
  return isMetadata(ipv4(Number(address.bits & 0xffff_ffffn)));
}

/** `localhost` and what is below it always mean this host (RFC 6761, 6.3). */
export function isLocalhostName(host: string): boolean {
  return /^(?:[^.]+\.)*localhost\.?$/i.test(host);
}

/**
 * True for what is no address literal, yet a C resolver turns into one (inet_aton: `127.1`, `0x7f.1`,
 * `0177.0.0.1`, `2130706433`). Such a host is a name: resolve it, then judge what came out.
 */
export function looksLikeOddAddress(host: string): boolean {
  return /^(?:0x[\da-f]*|\d+)(?:\.(?:0x[\da-f]*|\d+)){0,3}\.?$/i.test(host) && !isIPv4(host);
}

/**
 * The address that a host stands for without asking anybody: a literal, with or without a dot at its end, or a form
 * that C resolvers read as an IPv4 address (inet_aton: one to four numbers, decimal, octal or hexadecimal, the last one
 * filling what is left). Undefined for names.
 */
export function impliedAddress(host: string): Address | undefined {
  const bare = host.endsWith(".") ? host.slice(0, -1) : host;
  const literal = parseAddress(bare);
  if (literal !== undefined || !looksLikeOddAddress(bare)) return literal;
  const numbers = bare.split(".").map(readNumber);
  const tail = numbers.pop()!;
  const room = 2 ** (8 * (4 - numbers.length));
  if (numbers.some((one) => one > 255) || !(tail < room)) return undefined;
  return ipv4(numbers.reduce((sum, one, at) => sum + one * 2 ** (24 - 8 * at), tail));
}

function readNumber(text: string): number {
  if (/^0x/i.test(text)) return text.length === 2 ? 0 : Number(text);
  return /^0[0-7]+$/.test(text) ? Number.parseInt(text, 8) : Number(text);
}

const mappedPrefix = 0xffffn;
const nat64Prefix = 0x0064_ff9b_0000_0000_0000_0000n;
const metadata = new Set([
  "169.254.169.254", // AWS, Azure, Google, OpenStack and others
  "fd00:ec2::254", // AWS over IPv6
  "169.254.170.2", // Amazon ECS tasks
  "169.254.170.23", // Amazon EKS Pod Identity
  "fd00:ec2::23",
  "fd20:ce::254", // Google over IPv6
  "168.63.129.16", // Azure's host agent
  "100.100.100.200", // Alibaba
]);

function ipv4(bits: number): Address & { family: 4 } {
  const text = `${bits >>> 24}.${(bits >>> 16) & 255}.${(bits >>> 8) & 255}.${bits & 255}`;
  return { family: 4, bits, text };
}

function ipv6(bits: bigint): Address & { family: 6 } {
  return { family: 6, bits, text: ipv6Text(bits) };
}

function ipv4Bits(text: string): number {
  let bits = 0;
  for (const part of text.split(".")) bits = bits * 256 + Number(part);
  return bits;
}

/** RFC 4291, 2.2. Not node:net's isIPv6, whose pattern takes 10 ms to compile in Node.js 20: a fifth of a start. */
function isIpv6(text: string): boolean {
  const halves = text.split("::");
  const groups = halves.flatMap((half) => (half === "" ? [] : half.split(":")));
  const dotted = text.endsWith(groups.at(-1) ?? "") && isIPv4(groups.at(-1) ?? "");
  const count = groups.length + (dotted ? 1 : 0);
  if (halves.length > 2 || (halves.length === 2 ? count > 7 : count !== 8)) return false;
  return (dotted ? groups.slice(0, -1) : groups).every((group) => /^[\da-f]{1,4}$/i.test(group));
}

function ipv6Bits(text: string): bigint {
  const [left = "", right] = text.split("::");
  const head = ipv6Groups(left);
  const tail = right === undefined ? [] : ipv6Groups(right);
  const gap = Array.from({ length: 8 - head.length - tail.length }, () => 0);
  return [...head, ...gap, ...tail].reduce((bits, group) => (bits << 16n) | BigInt(group), 0n);
}

/** `1:2` to [1, 2]; a dotted tail counts for two groups. */
function ipv6Groups(text: string): number[] {
  if (text === "") return [];
  return text.split(":").flatMap((part) => {
    if (!part.includes(".")) return [Number.parseInt(part, 16)];
    const bits = ipv4Bits(part);
    return [bits >>> 16, bits & 0xffff];
  });
}

/** The one canonical spelling (RFC 5952): lower case, the longest run of zeros as `::`. */
function ipv6Text(bits: bigint): string {
  const groups = Array.from({ length: 8 }, (_, i) => Number((bits >> BigInt(112 - 16 * i)) & 0xffffn));
  let [from, length] = [-1, 1];
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && groups[end] === 0) end++;
    if (end - i > length) [from, length] = [i, end - i];
  }
  const hex = groups.map((group) => group.toString(16));
  if (from === -1) return hex.join(":");
  return `${hex.slice(0, from).join(":")}::${hex.slice(from + length).join(":")}`;
}
