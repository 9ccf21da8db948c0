import { byEntry, type Dialect, type ProxyValue } from "./dialect.ts";
import { isUndecodable, proxyUrl } from "./proxy-value.ts";
import type { Target } from "./target.ts";
import { type Found, lookUp, whyNone } from "./variables.ts";

/** @actions/http-client, with which actions written in JavaScript make their requests (packages/http-client/src/proxy.ts). */
export const actionsHttpClientDialect: Dialect = {
  choose: (variables, { scheme }) => {
    const kind = scheme === "https" ? "https" : "http";
    const names = [`${kind}_proxy`, `${kind}_proxy`.toUpperCase()];
    return lookUp(variables, names, "is unset") ?? { why: whyNone(variables, names, scheme) };
  },
  bypass: (variables, target) => {
    if (/^(localhost$|127\.|\[::1\]|\[0:0:0:0:0:0:0:1\])/.test(target.whatwgHost))
      return "loopback always goes direct";
    const list = lookUp(variables, ["no_proxy", "NO_PROXY"], "is unset");
    return list && matchActions(list, target);
  },
  read: (found) => readActionsProxy(found.value),
};

/** `*` anywhere; names and addresses as text, with what is below them, alone or with the port. */
function matchActions(list: Found, target: Target): string | undefined {
  const host = target.whatwgHost.toLowerCase();
  for (const part of list.value.split(",")) {
    const entry = part.trim();
    const wanted = entry.toLowerCase();
    if (wanted === "") continue;
    if (wanted === "*") return byEntry(list, entry, "everything");
    for (const one of [host, `${host}:${target.port}`]) {
      if (one === wanted) return byEntry(list, entry, "name");
      if (one.endsWith(wanted.startsWith(".") ? wanted : `.${wanted}`)) return byEntry(list, entry, "suffix");
    }
  }
  return undefined;
}

/** A name with a port and no scheme is read as a URL of the scheme `name:`, which has no host: it goes direct. */
function readActionsProxy(value: string): ProxyValue {
  const text = URL.canParse(value) ? value : `http://${value}`;
  if (!URL.canParse(text)) {
    if (/^https?:\/\//.test(value)) return { direct: "is no URL, and is passed over without a word" };
    return { error: "is no URL (Invalid URL)" };
  }
  const url = new URL(text);
  if (url.hostname === "") return { direct: "has no http:// before it, so that no host is found in it" };
  if (isUndecodable(url.username) || isUndecodable(url.password))
    return { error: "has a % in user or password that is no escape (URI malformed)" };
  const scheme = url.protocol.slice(0, -1);
  const port = url.port || (scheme === "https" ? 443 : 80);
  return { proxy: proxyUrl(scheme, url.hostname.replace(/^\[(.*)\]$/, "$1"), port) };
}
