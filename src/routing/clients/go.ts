import { domainToASCII } from "node:url";
import {
  type Address,
  contains,
  isLoopback,
  type Network,
  parseAddress,
  parseNetwork,
} from "../addresses.ts";
import { byEntry, type ClientDecision, type Dialect, decideBy, direct, type ProxyValue } from "./dialect.ts";
import { type GoUrl, parseGoUrl } from "./go-url.ts";
import { proxyUrl } from "./proxy-value.ts";
import type { Target } from "./target.ts";
import { type Found, getVariable, lookUp, type Variables, whyNone } from "./variables.ts";

/**
 * Everything written in Go: net/http.ProxyFromEnvironment, that is golang.org/x/net/http/httpproxy. Upper case
 * wins, an empty value is none. In a CGI program (REQUEST_METHOD is set) a request that `http_proxy` would
 * carry fails, in either spelling: it never reaches the proxy.
 */
export function decideGo(variables: Variables, target: Target): ClientDecision {
  const decision = decideBy(goDialect, variables, target);
  const carried = target.scheme === "http" && lookUp(variables, goNames("http"), "is unset");
  if (!carried || !getVariable(variables, "REQUEST_METHOD") || !readGoProxy(carried.value)) return decision;
  return direct(
    `REQUEST_METHOD is set, as in a CGI program: Go refuses ${carried.name} then, and the request fails`,
  );
}

const goDialect: Dialect = {
  choose: (variables, { scheme }) => {
    if (scheme !== "http" && scheme !== "https") return { why: `Go has no proxy for ${scheme}://` };
    const names = goNames(scheme);
    return lookUp(variables, names, "is unset") ?? { why: whyNone(variables, names, scheme) };
  },
  bypass: (variables, target) => {
    const host = asciiName(target.host);
    const address = parseAddress(host);
    if (host === "localhost" || (address && isLoopback(address))) return "loopback always goes direct";
    const list = lookUp(variables, ["NO_PROXY", "no_proxy"], "is unset");
    return list && matchGo(list, host.toLowerCase(), address, target.port);
  },
  read: ({ value }) => goProxyValue(value),
};

function goNames(scheme: string): string[] {
  return [`${scheme.toUpperCase()}_PROXY`, `${scheme}_proxy`];
}

/**
 * Names with what is below them, `.name` and `*.name` for what is below only, addresses, networks, a port after
 * any but a network, and `*` anywhere in the list.
 */
function matchGo(list: Found, host: string, address: Address | undefined, port: number): string | undefined {
  const entries = list.value.split(",").map((part) => part.trim().toLowerCase());
  if (entries.includes("*")) return byEntry(list, "*", "everything");
  for (const entry of entries) {
    const how = matchGoEntry(entry, host, address, port);
    if (how) return byEntry(list, entry, how);
  }
  return undefined;
}

function matchGoEntry(
  entry: string,
  host: string,
  address: Address | undefined,
  port: number,
): string | undefined {
  const network = entry.includes("/") && !entry.includes("[") ? parseNetwork(entry) : undefined;
  if (network) return address && contains(network, address) ? "network" : undefined;
  const { name, wanted } = splitHostPort(entry);
  if (name === "" || (wanted !== "" && wanted !== String(port))) return undefined;
  const single: Network | undefined = name.startsWith("[") ? undefined : parseNetwork(name);
  if (single && !name.includes("/")) return address && contains(single, address) ? "address" : undefined;
  if (address) return undefined;
  const domain = asciiName(name.replace(/^\*(?=\.)/, ""));
  if (domain === host) return "name";
  return host.endsWith(domain.startsWith(".") ? domain : `.${domain}`) ? "suffix" : undefined;
}

/** net.SplitHostPort: brackets go only together with a port, and several colons without brackets are no port. */
function splitHostPort(entry: string): { name: string; wanted: string } {
  const match = /^(?:\[([^\][]*)\]|([^:\][]*)):([^:\][]*)$/.exec(entry);
  if (match === null) return { name: entry, wanted: "" };
  return { name: match[1] ?? match[2] ?? "", wanted: match[3]! };
}

function asciiName(name: string): string {
  return /[^\0-\x7f]/.test(name) ? domainToASCII(name) || name : name;
}

function goProxyValue(value: string): ProxyValue {
  const url = readGoProxy(value);
  if (url === undefined) return { direct: "does not parse as a URL, which Go passes over without a word" };
  const [, host = "", port = ""] = /^(.*?)(?::(\d*))?$/.exec(url.host)!;
  const known = port || (goPorts[url.scheme] ?? 80);
  // An empty host is dialled as this machine.
  return { proxy: proxyUrl(url.scheme, host.replace(/^\[(.*)\]$/, "$1") || "localhost", known) };
}

/** What does not parse is tried once more with `http://` before it. */
function readGoProxy(value: string): GoUrl | undefined {
  const url = parseGoUrl(value);
  if (url && url.scheme !== "" && url.host !== "") return url;
  return parseGoUrl(`http://${value}`) ?? url;
}

const goPorts: Record<string, number> = { http: 80, https: 443, socks5: 1080, socks5h: 1080 };
