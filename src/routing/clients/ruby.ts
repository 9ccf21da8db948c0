import { contains, isLoopback, parseAddress, parseNetwork } from "../addresses.ts";
import { byEntry, type Dialect, type ProxyValue } from "./dialect.ts";
import { hasBadEscape, isPort, proxyUrl, readLoosely } from "./proxy-value.ts";
import type { Target } from "./target.ts";
import { type Found, getVariable, lookUp, type Variables, whyEmpty, whyNone } from "./variables.ts";

/**
 * Ruby's Net::HTTP (URI::Generic#find_proxy): it asks for `http_proxy` whatever the request's scheme. Lower case wins
 * even when empty. Ruby also resolves the host, and goes direct when it is loopback; here only literals are judged.
 */
export const rubyDialect: Dialect = {
  choose: (variables, { scheme }) => chooseRuby(variables, scheme),
  bypass: (variables, target) => {
    const address = parseAddress(target.host);
    if (target.host.toLowerCase() === "localhost" || (address && isLoopback(address)))
      return "loopback always goes direct";
    const list = lookUp(variables, ["no_proxy", "NO_PROXY"], "hides the rest");
    return list && matchRuby(list, target);
  },
  read: (found) => readRubyProxy(found.value),
};

function chooseRuby(variables: Variables, scheme: string): Found | { why: string } {
  const names = ["http_proxy", "HTTP_PROXY"];
  const cgi = getVariable(variables, "REQUEST_METHOD") !== undefined;
  const found = cgi
    ? (lookUp(variables, ["http_proxy"], "hides the rest") ??
      lookUp(variables, ["CGI_HTTP_PROXY"], "hides the rest"))
    : lookUp(variables, names, "hides the rest");
  if (found?.value) return found;
  if (found) return { why: whyEmpty(found, names, variables) };
  if (cgi && getVariable(variables, "HTTP_PROXY"))
    return { why: "REQUEST_METHOD is set, as in a CGI program: HTTP_PROXY is not read then" };
  return { why: whyNone(variables, names, scheme) };
}

/** Whatever stands between commas, blanks and colons is a name, so that an IPv6 entry falls apart: `::1` is the name `1`. */
function matchRuby(list: Found, target: Target): string | undefined {
  const host = target.host.toLowerCase();
  const address = parseAddress(host);
  for (const [entry, name = "", port] of list.value.matchAll(/([^:,\s]+)(?::(\d+))?/g)) {
    if (port !== undefined && Number(port) !== target.port) continue;
    const wanted = name.toLowerCase();
    if (wanted === host) return byEntry(list, entry, "name");
    if (host.endsWith(wanted.startsWith(".") ? wanted : `.${wanted}`)) return byEntry(list, entry, "suffix");
    const network = address && parseNetwork(name);
    if (network && contains(network, address)) return byEntry(list, entry, "network");
  }
  return undefined;
}

/** URI.parse is strict (RFC 3986), and without `//` there is no host. The proxy is spoken to in http, whatever its scheme. */
function readRubyProxy(value: string): ProxyValue {
  const loose = /^(?:[a-z][a-z\d+.-]*:)?\/\//i.test(value)
    ? readLoosely(value.replace(/^\/\//, ""))
    : undefined;
  const strict = /^[\w\-.~:/?#[\]@!$&'()*+,;=%]*$/.test(value) && !hasBadEscape(value);
  if (!loose || loose.host === "" || !strict || loose.userinfo?.includes("@"))
    return { error: "is no URI with a host for Ruby (bad URI): it needs http:// before it" };
  if (loose.port !== undefined && !isPort(loose.port)) return { error: "has a port over 65535" };
  return { proxy: proxyUrl("http", loose.host, loose.port ?? (loose.scheme === "https" ? 443 : 80)) };
}
