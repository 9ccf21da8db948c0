import { looksLikeOddAddress, type Network, parseNetwork } from "./addresses.ts";

/** Whom a rule of `allow` or `deny` names. */
export type Who =
  | { readonly kind: "everybody" }
  /** The Docker engine's networks as they are at that moment. */
  | { readonly kind: "docker" }
  | { readonly kind: "network"; readonly network: Network }
  /** Whatever addresses the name has. */
  | { readonly kind: "name"; readonly name: string };

/**
 * Reads one entry of `allow` or `deny`: an address, a network in CIDR form, `docker`, `*`, or a host name.
 * `0` and `0/0` are everybody too (cntlm's spelling), IPv6 included. The problem is the end of a sentence.
 */
export function parseWho(text: string): Who | { readonly problem: string } {
  if (text === "*" || text === "0" || text === "0/0") return { kind: "everybody" };
  if (text.toLowerCase() === "docker") return { kind: "docker" };
  const network = parseNetwork(text);
  if (network) return { kind: "network", network };
  if (/[/:]/.test(text)) return { problem: "is no address and no network (as in 10.0.0.0/8 or fd00::/8)" };
  if (looksLikeOddAddress(text)) return { problem: "is no IP address (four numbers, as in 10.1.2.3)" };
  if (!/^[\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)*\.?$/u.test(text)) return { problem: "is no host name" };
  return { kind: "name", name: text };
}
