import { domainToASCII } from "node:url";
import {
  type Address,
  looksLikeOddAddress,
  mask4,
  mask6,
  type Network,
  parseAddress,
  parseNetwork,
} from "./addresses.ts";

/**
 * Sallyport's own `no_proxy`. Entries are separated by commas or blanks, in any case:
 *
 * | entry | goes direct |
 * |---|---|
 * | `corp.example` | that name and every name below it |
 * | `.corp.example`, `*.corp.example` | the names below it, not `corp.example` itself (as Go and the Actions runner read it) |
 * | `10.1.2.3`, `::1`, `[::1]` | requests for exactly that address |
 * | `10.0.0.0/8`, `fd00::/8` | requests for an address in that network |
 * | `*` | everything |
 *
 * Each may end in `:port` (IPv6 in brackets then: `[::1]:80`, `[fd00::/8]:443`). Addresses and networks
 * match requests that name an address: a name is never resolved to find out.
 */
export function parseNoProxy(text: string): NoProxyList {
  const entries: NoProxyEntry[] = [];
  const problems: string[] = [];
  const index = new NoProxyIndex();
  for (const word of text.split(/[,\s]+/)) {
    if (word === "") continue;
    const read = readEntry(word);
    if ("problem" in read) problems.push(`The no_proxy entry "${word}" can never match: ${read.problem}`);
    else {
      entries.push(read.entry);
      index.add(read);
    }
  }
  return { entries, problems, index };
}

/** The entry by which a request for `host` (without port, IPv6 with or without brackets) goes direct: the narrowest one. */
export function matchNoProxy(list: NoProxyList, host: string, port: number): NoProxyEntry | undefined {
  return list.index.find(host, port);
}

export interface NoProxyEntry {
  /** As it was written: what logs and messages name as the rule. */
  readonly text: string;
  /** Undefined: every port. */
  readonly port: number | undefined;
}

export interface NoProxyList {
  readonly entries: readonly NoProxyEntry[];
  /** One sentence for each entry that can never match. */
  readonly problems: readonly string[];
  readonly index: NoProxyIndex;
}

type Subject =
  | { readonly kind: "everything" }
  | { readonly kind: "domain"; readonly name: string }
  | { readonly kind: "subdomains"; readonly name: string }
  | { readonly kind: "network"; readonly network: Network };

type ReadEntry = { readonly entry: NoProxyEntry; readonly subject: Subject };

function readEntry(text: string): ReadEntry | { readonly problem: string } {
  if (/[;|]/.test(text)) return { problem: "entries are separated by commas." };
  const scheme = /^[a-z][a-z\d+.-]*:\/\/([^/]*)/i.exec(text);
  if (scheme) return { problem: `an entry is a host, not a URL. Write "${scheme[1]}".` };
  if (text === "<local>")
    return { problem: "that word is known to Windows only. List the names themselves." };
  const parts = splitPort(text);
  if (parts === undefined) return { problem: "what follows the colon is no port (1 to 65535)." };
  const subject = readSubject(parts.host);
  if ("problem" in subject) return subject;
  return { entry: { text, port: parts.port }, subject };
}

/** `host:8443`, `[::1]:80`, `::1`; undefined when the port is none. */
function splitPort(text: string): { host: string; port: number | undefined } | undefined {
  if (!text.startsWith("[") && text.indexOf(":") !== text.lastIndexOf(":"))
    return { host: text, port: undefined };
  const match = /^(\[[^\]]*\](?:\/\d+)?|[^:]*)(?::(.*))?$/.exec(text);
  if (match === null || match[2] === undefined) return { host: match?.[1] ?? text, port: undefined };
  const port = Number(match[2]);
  if (!/^\d{1,5}$/.test(match[2]) || port < 1 || port > 65535) return undefined;
  return { host: match[1]!, port };
}

function readSubject(host: string): Subject | { readonly problem: string } {
  if (host === "*") return { kind: "everything" };
  const network = parseNetwork(/^\[.*\/\d+\]$/.test(host) ? host.slice(1, -1) : host);
  if (network) return { kind: "network", network };
  if (host.includes("/")) return { problem: "it is no network (as in 10.0.0.0/8 or fd00::/8)." };
  if (host.includes(":") || looksLikeOddAddress(host)) return { problem: "it is no IP address." };
  const octets = /^((?:\d{1,3}\.){1,3})\*(?:\.\*)*$/.exec(host)?.[1]?.split(".").slice(0, -1);
  if (octets) {
    const network = [...octets, 0, 0, 0].slice(0, 4).join(".");
    return {
      problem: `a range of addresses is written as a network. Write "${network}/${octets.length * 8}".`,
    };
  }
  return readName(host);
}

function readName(host: string): Subject | { readonly problem: string } {
  const below = /^\*?\./.test(host);
  const name = asciiName(below ? host.replace(/^\*?\./, "") : host);
  if (name.includes("*"))
    return { problem: "a star stands alone or at the start, before a dot (*.corp.example)." };
  if (!/^[a-z\d_-]+(?:\.[a-z\d_-]+)*$/.test(name)) return { problem: "it is no host name." };
  return below ? { kind: "subdomains", name } : { kind: "domain", name };
}

/** Lower case, without the root's dot, other scripts in their ASCII form (RFC 5891). */
function asciiName(name: string): string {
  const bare = (name.endsWith(".") ? name.slice(0, -1) : name).toLowerCase();
  return /[^\0-\x7f]/.test(bare) ? domainToASCII(bare) : bare;
}

/** Longer than any name in the DNS (RFC 1035, 2.3.4): not looked up, so that a hostile host costs nothing. */
const longestName = 253;

/** The entries by what they match, so that a request costs a few look-ups however long the list is. */
class NoProxyIndex {
  readonly #everything: NoProxyEntry[] = [];
  readonly #domains = new Map<string, NoProxyEntry[]>();
  readonly #subdomains = new Map<string, NoProxyEntry[]>();
  /** By prefix length, then by the masked address. */
  readonly #networks4 = new Map<number, Map<number, NoProxyEntry[]>>();
  readonly #networks6 = new Map<number, Map<bigint, NoProxyEntry[]>>();

  add({ entry, subject }: ReadEntry): void {
    if (subject.kind === "everything") this.#everything.push(entry);
    else if (subject.kind === "domain") push(this.#domains, subject.name, entry);
    else if (subject.kind === "subdomains") push(this.#subdomains, subject.name, entry);
    else if (subject.network.family === 4)
      push(byPrefix(this.#networks4, subject.network.prefix), subject.network.bits, entry);
    else push(byPrefix(this.#networks6, subject.network.prefix), subject.network.bits, entry);
  }

  find(host: string, port: number): NoProxyEntry | undefined {
    const address = parseAddress(host);
    const narrow = address ? this.#findAddress(address, port) : this.#findName(asciiName(host), port);
    return narrow ?? onPort(this.#everything, port);
  }

  #findName(name: string, port: number): NoProxyEntry | undefined {
    if (name.length > longestName) return undefined;
    let found = onPort(this.#domains.get(name), port);
    for (let dot = name.indexOf("."); dot !== -1 && found === undefined; dot = name.indexOf(".", dot + 1)) {
      const parent = name.slice(dot + 1);
      found = onPort(this.#domains.get(parent), port) ?? onPort(this.#subdomains.get(parent), port);
    }
    return found;
  }

  #findAddress(address: Address, port: number): NoProxyEntry | undefined {
    let best: { entry: NoProxyEntry; prefix: number } | undefined;
    const consider = (entry: NoProxyEntry | undefined, prefix: number) => {
      if (entry && (best === undefined || prefix > best.prefix)) best = { entry, prefix };
    };
    if (address.family === 4) {
      for (const [prefix, table] of this.#networks4)
        consider(onPort(table.get(mask4(address.bits, prefix)), port), prefix);
    } else {
      for (const [prefix, table] of this.#networks6)
        consider(onPort(table.get(mask6(address.bits, prefix)), port), prefix);
    }
    return best?.entry;
  }
}

function onPort(entries: readonly NoProxyEntry[] | undefined, port: number): NoProxyEntry | undefined {
  return entries?.find((entry) => entry.port === undefined || entry.port === port);
}

function push<K>(table: Map<K, NoProxyEntry[]>, key: K, entry: NoProxyEntry): void {
  const there = table.get(key);
  if (there) there.push(entry);
  else table.set(key, [entry]);
}

function byPrefix<K>(tables: Map<number, Map<K, NoProxyEntry[]>>, prefix: number): Map<K, NoProxyEntry[]> {
  const there = tables.get(prefix) ?? new Map<K, NoProxyEntry[]>();
  tables.set(prefix, there);
  return there;
}
