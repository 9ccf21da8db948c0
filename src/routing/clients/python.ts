import { contains, looksLikeOddAddress, parseAddress, parseNetwork } from "../addresses.ts";
import { byEntry, type Dialect, type ProxyValue } from "./dialect.ts";
import { isPort, proxyUrl, readLoosely } from "./proxy-value.ts";
import { hostAsWritten, type Target } from "./target.ts";
import { type Found, getVariable, lookUp, type Variables, whyNone } from "./variables.ts";
import { atLeast } from "./versions.ts";

/** Python's urllib.request: any case, lower case wins and hides the others even when it is empty. */
export const urllibDialect: Dialect = {
  choose: (variables, { scheme }) => choosePython(variables, scheme, []),
  bypass: (variables, target) => matchUrllib(variables, hostAsWritten(target)),
  read: (found, target) => readUrllibProxy(found.value, target),
};

/** botocore and the AWS CLI: urllib's variables and no_proxy, urllib3's connections. */
export const botocoreDialect: Dialect = {
  ...urllibDialect,
  read: (found) => {
    const value = found.value;
    if (/^https?:/.test(value)) return readUrllib3Proxy(value);
    if (/^[a-z][a-z\d+.-]*:\/\//i.test(value))
      return { error: "has another scheme than http:// or https://, which botocore takes for the host" };
    return readUrllib3Proxy(value.startsWith("//") ? `http:${value}` : `http://${value}`);
  },
};

/**
 * requests, and pip, which carries it along: urllib's rules after its own (utils.should_bypass_proxies), which know
 * networks for IPv4 hosts, take the port only when the URL names one, and fall back to `all_proxy`. Until 2.34.0 the
 * end of a name was enough for a match: `example.com` matched `notexample.com`.
 */
export function requestsDialect(version: string): Dialect {
  return {
    choose: (variables, { scheme }) => choosePython(variables, scheme, ["all"]),
    bypass: (variables, target) =>
      matchRequests(variables, target, version) ?? matchUrllib(variables, target.host),
    read: (found) => readUrllib3Proxy(found.value),
  };
}

/** The version of requests inside pip. */
export function requestsInPip(pip: string): string {
  return atLeast(pip, "26.2") ? "2.34.0" : "2.31.0";
}

/** getproxies_environment(): names in any case end in `_proxy`; those that end in lower case are read last. */
export function pythonProxies(variables: Variables): Map<string, Found> {
  const proxies = new Map<string, Found>();
  for (const [name, value] of variables)
    if (value !== "" && /_proxy$/i.test(name)) proxies.set(kindOf(name), { name, value });
  // CVE-2016-1000110: in a CGI program HTTP_PROXY is a header of the client.
  if (getVariable(variables, "REQUEST_METHOD") !== undefined) proxies.delete("http");
  for (const [name, value] of variables) {
    if (!name.endsWith("_proxy")) continue;
    if (value === "") proxies.delete(kindOf(name));
    else proxies.set(kindOf(name), { name, value });
  }
  return proxies;
}

function kindOf(name: string): string {
  return name.slice(0, -"_proxy".length).toLowerCase();
}

function choosePython(
  variables: Variables,
  scheme: string,
  more: readonly string[],
): Found | { why: string } {
  const proxies = pythonProxies(variables);
  const kinds = [scheme, ...more];
  for (const kind of kinds) {
    const found = proxies.get(kind);
    if (found) return found;
  }
  const names = kinds.flatMap((kind) => [`${kind}_proxy`, `${kind.toUpperCase()}_PROXY`]);
  const hidden = names.find((name) => name.toUpperCase() === name && getVariable(variables, name));
  if (hidden === undefined) return { why: whyNone(variables, names, scheme) };
  if (getVariable(variables, hidden.toLowerCase()) === "")
    return { why: `${hidden.toLowerCase()} is empty, which hides ${hidden}` };
  return { why: `REQUEST_METHOD is set, as in a CGI program: ${hidden} is not read then` };
}

/** proxy_bypass_environment(): `*` alone; suffixes; leading dots aside; an entry with a port needs it in the URL. */
function matchUrllib(variables: Variables, host: string): string | undefined {
  const list = pythonProxies(variables).get("no");
  if (list === undefined) return undefined;
  if (list.value === "*") return byEntry(list, "*", "everything");
  const whole = host.toLowerCase();
  const bare = whole.replace(/:\d+$/, "");
  for (const part of list.value.split(",")) {
    const entry = part.trim();
    if (entry === "") continue;
    const name = entry.replace(/^\.+/, "").toLowerCase();
    if (bare === name || whole === name) return byEntry(list, entry, "name");
    if (bare.endsWith(`.${name}`) || whole.endsWith(`.${name}`)) return byEntry(list, entry, "suffix");
  }
  return undefined;
}

function matchRequests(variables: Variables, target: Target, version: string): string | undefined {
  const list = lookUp(variables, ["no_proxy", "NO_PROXY"], "is unset");
  if (list === undefined) return undefined;
  const entries = list.value
    .replaceAll(" ", "")
    .split(",")
    .filter((entry) => entry !== "");
  const host = target.host.toLowerCase();
  const address = parseAddress(host);
  if (address?.family === 4 || looksLikeOddAddress(host)) {
    for (const entry of entries) {
      const network = entry.includes("/") ? parseNetwork(entry) : undefined;
      if (network?.family === 4 && network.prefix > 0 && address && contains(network, address))
        return byEntry(list, entry, "network");
      if (entry === host) return byEntry(list, entry, "address");
    }
    return undefined;
  }
  const withPort = target.explicitPort ? `${host}:${target.explicitPort}` : host;
  const boundary = atLeast(version, "2.34.0");
  for (const entry of entries) {
    const name = boundary ? entry.replace(/^\.+/, "") : entry;
    if (host === name || withPort === name) return byEntry(list, entry, "name");
    const end = boundary ? `.${name}` : name;
    if (host.endsWith(end) || withPort.endsWith(end)) return byEntry(list, entry, "suffix");
  }
  return undefined;
}

/** An https request is tunnelled whatever the proxy's scheme; for http another scheme must be one that urllib opens. */
function readUrllibProxy(value: string, target: Target): ProxyValue {
  const [, type, rest = value] = /^([^/:]+):(.*)$/s.exec(value) ?? [];
  const isUrl = rest.startsWith("/");
  if (isUrl && !rest.startsWith("//")) return { error: "has no // after its scheme" };
  const body = rest.slice(2);
  const at = body.indexOf("@");
  const end = body.indexOf("/", Math.max(at, 0));
  const authority = isUrl ? (end === -1 ? body : body.slice(0, end)) : value;
  const hostPort = decode(authority.slice(authority.lastIndexOf("@") + 1));
  const [, host = "", port] = /^(\[[^\]]*\]|.*?)(?::([^:\]]*))?$/s.exec(hostPort)!;
  const scheme = (isUrl ? type?.toLowerCase() : undefined) ?? target.scheme;
  if (target.scheme !== "https" && scheme !== "http" && scheme !== "https")
    return { error: `names a proxy by ${scheme}://, which urllib does not know` };
  if (host === "" || /[\s#?]/.test(hostPort) || (port && !isPort(port)))
    return { error: "names no host that urllib understands" };
  const spoken = target.scheme === "https" ? "http" : scheme;
  return { proxy: proxyUrl(spoken, host.replace(/^\[(.*)\]$/, "$1"), port || defaultPort(target.scheme)) };
}

/** urllib takes the default port of the request, not of the proxy. */
function defaultPort(scheme: string): number {
  return scheme === "https" ? 443 : 80;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * requests puts http:// before a value without scheme, unless it looks like `scheme:rest`: `proxy:3128` does, and has
 * no host then, while `10.0.0.1:3128` and `proxy.corp.example:3128` do not (urllib3 2.7). socks:// needs the package PySocks, which is not there by default. */
function readUrllib3Proxy(value: string): ProxyValue {
  if (/^[a-z][a-z\d+-]*:(?!\/\/)/i.test(value))
    return { error: "names no host for requests: it needs http:// before it" };
  const loose = readLoosely(value.replace(/^\/\//, ""));
  if (!loose || loose.host === "" || /^\s|\s$/.test(value))
    return { error: "is not a proxy's URL for requests" };
  if (loose.port !== undefined && !isPort(loose.port)) return { error: "has a port over 65535" };
  const scheme = loose.scheme ?? "http";
  if (scheme.startsWith("socks"))
    return { error: `names a proxy by ${scheme}://, which needs the package PySocks` };
  if (scheme !== "http" && scheme !== "https")
    return { error: `names a proxy by ${scheme}://, which requests does not know` };
  return { proxy: proxyUrl(scheme, loose.host, loose.port ?? (scheme === "https" ? 443 : 80)) };
}
