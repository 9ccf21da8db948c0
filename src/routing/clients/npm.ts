import { byEntry, type Dialect, type ProxyValue } from "./dialect.ts";
import { isUndecodable, proxyUrl } from "./proxy-value.ts";
import type { Target } from "./target.ts";
import { type Found, type Variables, whyNone } from "./variables.ts";

/**
 * npm (@npmcli/agent, lib/proxy.js): of several spellings the one that stands last in the environment. An http URL
 * takes `https_proxy` first, then `http_proxy`, then `proxy`; an https URL `https_proxy` only.
 */
export const npmDialect: Dialect = {
  choose: (variables, { scheme }) => {
    const kinds = scheme === "https" ? ["https_proxy"] : ["https_proxy", "http_proxy", "proxy"];
    for (const kind of kinds) {
      const found = lastSpelling(variables, kind);
      if (found?.value) return found;
    }
    const empty = lastSpelling(variables, kinds[0]!);
    if (empty && variables.some(([name, value]) => value && name.toLowerCase() === kinds[0]))
      return { why: `${empty.name} is empty and stands last in the environment` };
    return {
      why: whyNone(
        variables,
        kinds.flatMap((kind) => [kind, kind.toUpperCase()]),
        scheme,
      ),
    };
  },
  bypass: (variables, target) => {
    const list = lastSpelling(variables, "no_proxy");
    return list?.value ? matchNpm(list, target) : undefined;
  },
  read: (found) => readNpmProxy(found.value),
};

function lastSpelling(variables: Variables, kind: string): Found | undefined {
  const last = variables.findLast(([name]) => name.toLowerCase() === kind);
  return last && { name: last[0], value: last[1] };
}

/** Label by label from the right, and the case of letters counts. */
function matchNpm(list: Found, target: Target): string | undefined {
  const labels = target.whatwgHost.split(".").reverse();
  for (const part of list.value.split(",")) {
    const entry = part.trim();
    const wanted = entry
      .split(".")
      .filter((label) => label !== "")
      .reverse();
    if (wanted.length === 0 || wanted.some((label, index) => labels[index] !== label)) continue;
    return byEntry(list, entry, wanted.length === labels.length ? "name" : "suffix");
  }
  return undefined;
}

function readNpmProxy(value: string): ProxyValue {
  if (!URL.canParse(value)) return { error: "is no URL for npm (Invalid URL): it needs http:// before it" };
  const url = new URL(value);
  const scheme = url.protocol.slice(0, -1);
  if (!/^(https?|socks[45]?|socks4a|socks5h)$/.test(scheme))
    return { error: `is no http://, https:// or socks:// URL, which npm refuses` };
  if (isUndecodable(url.username) || isUndecodable(url.password))
    return { error: "has a % in user or password that is no escape" };
  const port = url.port || { http: 80, https: 443 }[scheme] || 1080;
  return { proxy: proxyUrl(scheme, url.hostname.replace(/^\[(.*)\]$/, "$1"), port) };
}
