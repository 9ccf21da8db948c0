import { byEntry, type ClientDecision, decideByValue, direct, type ProxyValue, refused } from "./dialect.ts";
import { isUndecodable, proxyUrl } from "./proxy-value.ts";
import type { Target } from "./target.ts";
import { type Found, lookUp, type Variables, whyEmpty, whyNone } from "./variables.ts";
import { atLeast } from "./versions.ts";

/**
 * undici's EnvHttpProxyAgent, which is what fetch uses in Node.js when asked to: lower case wins even when empty,
 * https falls back to `http_proxy`, and a value that is no http(s) URL stops the program, whatever it requests.
 * @param grammar how no_proxy is read, which changed in undici 7.21 (pull 4676)
 */
export function decideUndici(
  variables: Variables,
  target: Target,
  grammar: "dots count" | "dots aside",
): ClientDecision {
  const refusal = undiciRefusal(variables);
  if (refusal) return refused(refusal);
  const found = chooseUndici(variables, target.scheme);
  if ("why" in found) return direct(found.why);
  const list = lookUp(variables, ["no_proxy", "NO_PROXY"], "hides the rest");
  const rule = list && matchUndici(list, target, grammar);
  if (rule) return direct(rule);
  const decision = decideByValue(readUndiciProxy(found.value), found);
  if (target.scheme !== "https" || found.name.toLowerCase() !== "http_proxy") return decision;
  return { ...decision, rule: `${decision.rule}, as https_proxy is not set` };
}

export function undiciGrammar(version: string): "dots count" | "dots aside" {
  return atLeast(version, "7.21") ? "dots aside" : "dots count";
}

/** Both agents are made at the start, so either value stops the program. */
export function undiciRefusal(variables: Variables): string | undefined {
  for (const scheme of ["http", "https"]) {
    const found = lookUp(variables, namesOf(scheme), "hides the rest");
    const value = found?.value ? readUndiciProxy(found.value) : undefined;
    if (value && "error" in value) return `${found!.name} ${value.error}`;
  }
  return undefined;
}

function namesOf(scheme: string): string[] {
  return [`${scheme}_proxy`, `${scheme}_proxy`.toUpperCase()];
}

function chooseUndici(variables: Variables, scheme: string): Found | { why: string } {
  const own = lookUp(variables, namesOf(scheme), "hides the rest");
  const found = own?.value || scheme !== "https" ? own : lookUp(variables, namesOf("http"), "hides the rest");
  if (found?.value) return found;
  const empty = own ?? found;
  if (empty) return { why: whyEmpty(empty, namesOf(scheme), variables) };
  const names = [...namesOf(scheme), ...(scheme === "https" ? namesOf("http") : [])];
  return { why: whyNone(variables, names, scheme) };
}

/** Commas and blanks separate; `name:port`; before 7.21 a name without a dot or star before it is that name only. */
function matchUndici(list: Found, target: Target, grammar: "dots count" | "dots aside"): string | undefined {
  if (list.value === "*") return byEntry(list, "*", "everything");
  const host = target.whatwgHost.toLowerCase();
  for (const entry of list.value.split(/[,\s]/).filter((word) => word !== "")) {
    const [, name = entry, port] = /^(.+):(\d+)$/.exec(entry) ?? [];
    if (port !== undefined && Number(port) !== 0 && Number(port) !== target.port) continue;
    const how = matchName(name.toLowerCase(), host, grammar);
    if (how) return byEntry(list, entry, how);
  }
  return undefined;
}

function matchName(name: string, host: string, grammar: "dots count" | "dots aside"): string | undefined {
  if (grammar === "dots aside") {
    const bare = name.replace(/^\*?\./, "");
    if (host === bare) return "name";
    return host.endsWith(`.${bare}`) ? "suffix" : undefined;
  }
  if (!/^[.*]/.test(name)) return host === name ? "name" : undefined;
  return host.endsWith(name.replace(/^\*/, "")) ? "suffix" : undefined;
}

function readUndiciProxy(value: string): ProxyValue {
  if (!URL.canParse(value))
    return { error: "is no URL for Node.js (ERR_INVALID_URL): it needs http:// before it" };
  const url = new URL(value);
  if (url.protocol !== "http:" && url.protocol !== "https:")
    return { error: "is no http:// or https:// URL, which stops Node.js at its start" };
  if (url.pathname !== "/" || url.search || url.hash)
    return { error: "has a path or a query, which stops Node.js at its start" };
  if (isUndecodable(url.username) || isUndecodable(url.password))
    return { error: "has a % in user or password that is no escape, which stops Node.js at its start" };
  const scheme = url.protocol.slice(0, -1);
  return {
    proxy: proxyUrl(scheme, bare(url.hostname), url.port || (scheme === "https" ? 443 : 80)),
  };
}

function bare(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, "$1");
}
