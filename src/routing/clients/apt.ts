import { byEntry, type Dialect, type ProxyValue } from "./dialect.ts";
import { proxyUrl, readLoosely } from "./proxy-value.ts";
import type { Target } from "./target.ts";
import { type Found, getVariable, lookUp, whyEmpty, whyNone } from "./variables.ts";

/** apt (methods/http.cc): lower case only; https takes `https_proxy` even when empty, and `http_proxy` when unset. */
export const aptDialect: Dialect = {
  choose: (variables, { scheme }) => {
    const names = scheme === "https" ? ["https_proxy", "http_proxy"] : ["http_proxy"];
    const found = lookUp(variables, names, "hides the rest");
    if (found?.value) return found;
    return { why: found ? whyEmpty(found, names, variables) : whyNone(variables, names, scheme) };
  },
  bypass: (variables, target) => {
    const value = getVariable(variables, "no_proxy");
    return value ? matchApt({ name: "no_proxy", value }, target) : undefined;
  },
  read: (found) => readAptProxy(found.value),
};

/** Commas only, blanks count, and any end of the host matches: `example.com` matches `notexample.com`. */
function matchApt(list: Found, target: Target): string | undefined {
  const host = target.host.toLowerCase();
  const entry = list.value.split(",").find((one) => one !== "" && host.endsWith(one.toLowerCase()));
  if (entry === undefined) return undefined;
  return byEntry(list, entry, host === entry.toLowerCase() ? "name" : "end of the name");
}

/** What stands before the first colon is the scheme: in `10.0.0.1:3128` it is `10.0.0.1`. */
function readAptProxy(value: string): ProxyValue {
  if (!value.includes(":")) return { direct: "has no scheme and no port, which for apt is no proxy" };
  const scheme = value.slice(0, value.indexOf(":"));
  if (scheme !== "http" && scheme !== "https" && scheme !== "socks5h")
    return { error: "has no http:// before it (Unsupported proxy configured)" };
  const loose = readLoosely(value);
  if (!loose) return { error: "is not a proxy's URL for apt" };
  if (loose.host === "") return { direct: "names no host, which for apt is no proxy" };
  const port = loose.port ?? { http: 80, https: 443, socks5h: 1080 }[scheme];
  return { proxy: proxyUrl(scheme, loose.host, port) };
}
