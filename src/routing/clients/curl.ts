import { isIPv4 } from "node:net";
import { contains, parseAddress, parseNetwork } from "../addresses.ts";
import { byEntry, type Dialect, type ProxyValue } from "./dialect.ts";
import { isPort, proxyUrl, readLoosely } from "./proxy-value.ts";
import type { Target } from "./target.ts";
import { type Found, lookUp, type Variables, whyNone } from "./variables.ts";
import { atLeast } from "./versions.ts";

/**
 * curl and what is built on libcurl. `http_proxy` in lower case only (in a CGI program the upper case is a
 * client's `Proxy:` header), the others in both, `all_proxy` last; an empty value is none. Read in
 * lib/url.c and lib/noproxy.c.
 */
export function curlDialect(version: string): Dialect {
  return {
    choose: (variables, { scheme }) => {
      const names = [...schemeNames(scheme), "all_proxy", "ALL_PROXY"];
      return lookUp(variables, names, "is unset") ?? { why: whyNone(variables, names, scheme) };
    },
    bypass: (variables, target) => {
      const list = lookUp(variables, ["no_proxy", "NO_PROXY"], "is unset");
      return list && matchLibcurl(list, target, version);
    },
    read: (found) => readLibcurlProxy(found.value),
  };
}

/** Git looks the variables up itself, lets an empty lower case hide the upper, and hands both to libcurl (http.c). */
export function gitDialect(version: string): Dialect {
  return {
    choose: (variables, { scheme }) => chooseGit(variables, scheme),
    bypass: (variables, target) => {
      const list = lookUp(variables, ["no_proxy", "NO_PROXY"], "hides the rest");
      return list && matchLibcurl(list, target, version);
    },
    read: (found) => readGitProxy(found.value),
  };
}

/**
 * libcurl's no_proxy: `*` alone; names and what is below them, a dot before or after them aside; networks for
 * IPv4 hosts since 7.86.0; no ports. Blanks separate as well until 8.9.0, and after that end the list. IPv6 hosts
 * are compared as text until 8.18.0, because the brackets are gone when it looks for them (curl pull 19828).
 */
function matchLibcurl(list: Found, target: Target, version: string): string | undefined {
  if (list.value === "*") return byEntry(list, "*", "everything");
  const words = libcurlWords(list.value, version);
  if (isIPv4(target.host) && atLeast(version, "7.86.0")) return matchAddress(list, words, target, version);
  if (target.bracketed && atLeast(version, "8.18.0")) return matchAddress(list, words, target, version);
  const host = withoutRootDot(target.host).toLowerCase();
  for (const word of words) {
    const name = withoutRootDot(word).replace(/^\./, "").toLowerCase();
    if (name === host) return byEntry(list, word, "name");
    if (host.endsWith(`.${name}`)) return byEntry(list, word, "suffix");
  }
  return undefined;
}

function libcurlWords(text: string, version: string): string[] {
  if (!atLeast(version, "8.9.0")) return text.split(/[,\s]+/).filter((word) => word !== "");
  const words: string[] = [];
  for (const part of text.split(",")) {
    const [word, more] = part.trim().split(/\s+/);
    if (word) words.push(word);
    if (more !== undefined) break;
  }
  return words;
}

function matchAddress(
  list: Found,
  words: readonly string[],
  target: Target,
  version: string,
): string | undefined {
  const address = parseAddress(target.host)!;
  for (const word of words) {
    if (word.includes("[")) continue;
    const network = parseNetwork(word);
    // A prefix of 0 is taken for none: only the address itself matches, until 8.19.0 (curl pull 20306).
    const whole = network?.prefix === 0 && word.includes("/") && !atLeast(version, "8.19.0");
    if (!network || whole || !contains(network, address)) continue;
    return byEntry(list, word, word.includes("/") ? "network" : "address");
  }
  return undefined;
}

function withoutRootDot(name: string): string {
  return name.endsWith(".") ? name.slice(0, -1) : name;
}

function schemeNames(scheme: string): string[] {
  return scheme === "http" ? ["http_proxy"] : [`${scheme}_proxy`, `${scheme}_proxy`.toUpperCase()];
}

/** Without scheme it is http, without port 1080 (443 for https). */
function readLibcurlProxy(value: string): ProxyValue {
  const loose = readLoosely(value.replace(/^(https?:)\/(?!\/)/i, "$1//"));
  const unusable = { error: "is not a proxy's URL for curl (Unsupported proxy syntax)" };
  if (!loose || loose.host === "" || /[\s\x00-\x1f]/.test(value)) return unusable;
  if (loose.port !== undefined && !isPort(loose.port)) return unusable;
  if (loose.userinfo?.includes("@")) return unusable;
  const scheme = loose.scheme ?? "http";
  if (!/^(https?|socks[45]?|socks4a|socks5h)$/.test(scheme))
    return { error: `names a proxy by ${scheme}://, which curl does not know` };
  return { proxy: proxyUrl(scheme, loose.host, loose.port ?? (scheme === "https" ? 443 : 1080)) };
}

function chooseGit(variables: Variables, scheme: string): Found | { why: string } {
  const names = schemeNames(scheme);
  const found = lookUp(variables, names, "hides the rest");
  const last = found ?? lookUp(variables, ["all_proxy", "ALL_PROXY"], "hides the rest");
  if (last === undefined) return { why: whyNone(variables, [...names, "all_proxy", "ALL_PROXY"], scheme) };
  if (last.value !== "") return last;
  return { why: `${last.name} is empty, which for git means no proxy` };
}

/** Git takes scheme and userinfo away itself and does not mind what the scheme is; an empty host is no proxy. */
function readGitProxy(value: string): ProxyValue {
  const [, scheme = "http", authority = ""] =
    /^(?:(.*?):\/\/)?([^/?#]*)/s.exec(value.includes("://") ? value : `http://${value}`) ?? [];
  const host = authority.slice(authority.indexOf("@") + 1);
  if (host === "") return { direct: "names no host, which for git means no proxy" };
  const known = /^\s*(https|socks[45]?|socks4a|socks5h)$/.exec(scheme)?.[1] ?? "http";
  return readLibcurlProxy(`${known}://${host}`);
}
