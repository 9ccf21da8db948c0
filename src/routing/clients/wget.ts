import { byEntry, type Dialect, type ProxyValue } from "./dialect.ts";
import { isPort, proxyUrl, readLoosely } from "./proxy-value.ts";
import type { Target } from "./target.ts";
import { type Found, getVariable, lookUp, whyNone } from "./variables.ts";

/** GNU Wget: lower case only, `http://` proxies only (src/retr.c getproxy, src/host.c sufmatch). */
export const wgetDialect: Dialect = {
  choose: (variables, { scheme }) => {
    const names = [`${scheme}_proxy`];
    return lookUp(variables, names, "is unset") ?? { why: whyNone(variables, names, scheme) };
  },
  bypass: (variables, target) => {
    const value = getVariable(variables, "no_proxy");
    return value ? matchWget({ name: "no_proxy", value }, target) : undefined;
  },
  read: (found) => readWgetProxy(found.value),
};

/**
 * Entries end at a comma and lose blanks before them only; a leading dot is part of the entry. An empty entry matches
 * every host that ends in a dot.
 */
function matchWget(list: Found, target: Target): string | undefined {
  const host = target.host.toLowerCase();
  for (const part of list.value.split(",")) {
    const entry = part.trimStart();
    const suffix = entry.toLowerCase();
    if (!host.endsWith(suffix)) continue;
    const before = host.at(-suffix.length - 1);
    if (host === suffix) return byEntry(list, entry, "name");
    if (before === "." || suffix.startsWith(".")) return byEntry(list, entry, "suffix");
  }
  return undefined;
}

/** A userinfo ends at the first `@`, and what follows is the host, whatever it looks like. */
function readWgetProxy(value: string): ProxyValue {
  const hasScheme = /^[a-z]+:\/\//i.test(value);
  const shorthand = hasScheme || /^[^:/]+(?::\d+)?(?:\/|$)|^[^/?#;]*@/.test(value);
  const loose = shorthand ? readLoosely(value) : undefined;
  if (!loose || loose.host === "" || (loose.port !== undefined && !isPort(loose.port)))
    return { error: "is not a URL for wget" };
  if (loose.userinfo?.includes("@")) return { error: "has an @ in the password, which must be written %40" };
  if ((loose.scheme ?? "http") !== "http")
    return { error: `names a proxy by ${loose.scheme}://, and wget takes http:// only` };
  return { proxy: proxyUrl("http", loose.host, loose.port ?? 80) };
}
