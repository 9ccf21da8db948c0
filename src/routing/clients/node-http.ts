import { isIPv4 } from "node:net";
import { byEntry, type ClientDecision, decideByValue, direct } from "./dialect.ts";
import { isUndecodable, proxyUrl } from "./proxy-value.ts";
import type { Target } from "./target.ts";
import { type Found, lookUp, type Variables, whyNone } from "./variables.ts";

/** http.get and https.get of Node.js 24 (lib/internal/http.js): lower case wins, an empty value is none, no fallback. */
export function decideNodeHttp(variables: Variables, target: Target): ClientDecision {
  const names = [`${target.scheme}_proxy`, `${target.scheme}_proxy`.toUpperCase()];
  const found = lookUp(variables, names, "is unset");
  if (found === undefined) return direct(whyNone(variables, names, target.scheme));
  const list = lookUp(variables, ["no_proxy", "NO_PROXY"], "is unset");
  const rule = list && matchNodeHttp(list, target);
  if (rule) return direct(rule);
  if (!/^https?:\/\//.test(found.value))
    return direct(`${found.name} does not begin with http:// or https:// in lower case, and is not used`);
  const url = new URL(found.value);
  const scheme = url.protocol.slice(0, -1);
  const port = url.port || (scheme === "https" ? 443 : 80);
  return decideByValue({ proxy: proxyUrl(scheme, url.hostname.replace(/^\[(.*)\]$/, "$1"), port) }, found);
}

/** The agents for both schemes are made at the start, so either value stops the program. */
export function httpRefusal(variables: Variables): string | undefined {
  for (const name of ["http_proxy", "https_proxy"]) {
    const found = lookUp(variables, [name, name.toUpperCase()], "is unset");
    if (!found || !/^https?:\/\//.test(found.value)) continue;
    const url = URL.canParse(found.value) ? new URL(found.value) : undefined;
    if (!url || isUndecodable(url.username) || isUndecodable(url.password))
      return `${found.name} is no URL for Node.js (ERR_PROXY_INVALID_CONFIG), which stops it at its start`;
  }
  return undefined;
}

/** `*` anywhere; a name, alone or with its port; `.name` matches every end, boundary or not; `*.name`; IPv4 ranges. */
function matchNodeHttp(list: Found, target: Target): string | undefined {
  const host = target.whatwgHost.toLowerCase().replace(/^\[(.*)\]$/, "$1");
  for (const part of list.value.split(",")) {
    const entry = part.trim().toLowerCase();
    const how = matchEntry(entry, host, target.port);
    if (how) return byEntry(list, entry, how);
  }
  return undefined;
}

function matchEntry(entry: string, host: string, port: number): string | undefined {
  if (entry === "*") return "everything";
  if (entry === host) return "name";
  if (entry === `${host}:${port}`) return "name and port";
  if (entry.startsWith(".") && host.endsWith(entry.slice(1))) return "suffix";
  if (entry.startsWith("*.") && host.endsWith(entry.slice(1))) return "suffix";
  const [from = "", to = ""] = entry.split("-").map((one) => one.trim());
  const inRange = isIPv4(host) && isIPv4(from) && isIPv4(to) && number(from) <= number(host);
  return inRange && number(host) <= number(to) ? "range" : undefined;
}

function number(address: string): number {
  return address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}
