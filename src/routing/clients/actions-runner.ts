import { isIPv4 } from "node:net";
import { isLoopback, parseAddress } from "../addresses.ts";
import { proxyFromEnvironment } from "../environment.ts";
import { byEntry, type ClientDecision, decideByValue, direct, refused } from "./dialect.ts";
import { proxyUrl } from "./proxy-value.ts";
import type { Target } from "./target.ts";
import { type Found, lookUp, type Variables, whyNone } from "./variables.ts";

/** The GitHub Actions runner (RunnerWebProxy.cs). Which proxy: as Sallyport itself reads it. */
export function decideActionsRunner(variables: Variables, target: Target): ClientDecision {
  const read = proxyFromEnvironment(proxyVariables(variables));
  const names = [`${target.scheme}_proxy`, `${target.scheme}_proxy`.toUpperCase()];
  const proxy = target.scheme === "http" ? read.http : target.scheme === "https" ? read.https : undefined;
  if (proxy === undefined) {
    const dropped = lookUp(variables, names, "is unset");
    if (dropped) return direct(`${dropped.name} is not a URL, and the runner passes over it without a word`);
    return direct(whyNone(variables, names, target.scheme));
  }
  const host = target.whatwgHost.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  const address = parseAddress(host);
  if (host === "localhost" || host === "loopback" || (address && isLoopback(address)))
    return direct("loopback always goes direct");
  const list = lookUp(variables, ["no_proxy", "NO_PROXY"], "is unset");
  const bypass = list && matchRunner(list, host, target.port);
  if (bypass) return "rule" in bypass ? direct(bypass.rule) : refused(bypass.error);
  const where = { proxy: proxyUrl(proxy.scheme, proxy.host, proxy.port) };
  return decideByValue(where, { name: proxy.variable, value: "" });
}

/** The first of each name, as an object. */
export function proxyVariables(variables: Variables): Record<string, string> {
  return Object.fromEntries([...variables].reverse().filter(([name]) => /_proxy$/i.test(name)));
}

/**
 * `*` anywhere; a name with what is below it, `.name` only what is below; a port. IPv4 addresses are thrown away, IPv6
 * addresses fall apart at the first colon: `::1` is left as the name `1`, which every host that ends in `.1` matches.
 */
function matchRunner(
  list: Found,
  host: string,
  port: number,
): { rule: string } | { error: string } | undefined {
  const seen = new Set<string>();
  for (const part of list.value.split(",")) {
    const entry = part.trim();
    if (entry === "" || seen.has(entry.toLowerCase())) continue;
    seen.add(entry.toLowerCase());
    const [name, wanted] = splitTwo(entry.toLowerCase());
    if (name === undefined) return { error: `${list.name} entry ${entry} stops the runner` };
    if (isIPv4(name)) continue;
    if (name === "*") return { rule: byEntry(list, entry, "everything") };
    if (wanted !== undefined && wanted !== String(port)) continue;
    if (name === host) return { rule: byEntry(list, entry, "name") };
    if (host.endsWith(name.startsWith(".") ? name : `.${name}`))
      return { rule: byEntry(list, entry, "suffix") };
  }
  return undefined;
}

/** .NET's Split(':', 2, RemoveEmptyEntries): colons at the front go, the first one after that divides. */
function splitTwo(entry: string): [string | undefined, string | undefined] {
  const text = entry.replace(/^:+/, "");
  if (text === "") return [undefined, undefined];
  const colon = text.indexOf(":");
  if (colon === -1) return [text, undefined];
  return [text.slice(0, colon), text.slice(colon + 1).replace(/^:+$/, "") || undefined];
}
