/**
 * Go's net/url.Parse, as far as a proxy variable needs it: whether it parses, and which scheme and host come out.
 * A program in Go ignores a proxy that does not parse and goes direct without a word, so this has to be exact.
 */
export function parseGoUrl(text: string): GoUrl | undefined {
  if (/[\x00-\x1f\x7f]/.test(text)) return undefined;
  const hash = text.indexOf("#");
  if (hash !== -1 && hasBadEscape(text.slice(hash + 1))) return undefined;
  const split = splitScheme(hash === -1 ? text : text.slice(0, hash));
  if (split === undefined) return undefined;
  const rest = split.rest.replace(/\?.*$/s, "");
  if (!rest.startsWith("/")) {
    // With a scheme it is opaque (`mailto:x`); without one a colon in the first segment is refused.
    if (split.scheme !== "") return { scheme: split.scheme, host: "" };
    return rest.split("/", 1)[0]!.includes(":") || hasBadEscape(rest) ? undefined : { scheme: "", host: "" };
  }
  if (!rest.startsWith("//") || (split.scheme === "" && rest.startsWith("///")))
    return hasBadEscape(rest) ? undefined : { scheme: split.scheme, host: "" };
  const end = rest.indexOf("/", 2);
  const authority = end === -1 ? rest.slice(2) : rest.slice(2, end);
  if (end !== -1 && hasBadEscape(rest.slice(end))) return undefined;
  const host = parseAuthority(authority);
  return host === undefined ? undefined : { scheme: split.scheme, host };
}

export interface GoUrl {
  /** Lower case; empty when there is none. */
  readonly scheme: string;
  /** With port and brackets as written, without userinfo. */
  readonly host: string;
}

function splitScheme(text: string): { scheme: string; rest: string } | undefined {
  if (text.startsWith(":")) return undefined;
  const match = /^([a-z][a-z\d+.-]*):(.*)$/is.exec(text);
  return match ? { scheme: match[1]!.toLowerCase(), rest: match[2]! } : { scheme: "", rest: text };
}

function parseAuthority(authority: string): string | undefined {
  const at = authority.lastIndexOf("@");
  const userinfo = authority.slice(0, Math.max(at, 0));
  if (!/^[\w\-.:~!$&'()*+,;=%@]*$/.test(userinfo) || hasBadEscape(userinfo)) return undefined;
  const host = authority.slice(at + 1);
  const colon = host.startsWith("[") ? host.indexOf(":", host.lastIndexOf("]") + 1) : host.lastIndexOf(":");
  if (host.startsWith("[") && !/\](?::\d*)?$/.test(host)) return undefined;
  // Since Go 1.26 a second colon needs brackets around the host.
  if (!host.startsWith("[") && host.indexOf(":") !== colon) return undefined;
  if (colon !== -1 && !/^:\d*$/.test(host.slice(colon))) return undefined;
  return isHost(host) ? host : undefined;
}

/** Escapes are allowed for bytes over 0x7f, and in brackets for a zone (%25). */
function isHost(host: string): boolean {
  if (!/^(?:[\w\-.~!$&'()*+,;=:[\]<>"]|[^\0-\x7f]|%[89a-f][\da-f]|%25)*$/i.test(host)) return false;
  return !host.includes("%25") || host.startsWith("[");
}

function hasBadEscape(text: string): boolean {
  return /%(?![\da-f]{2})/i.test(text);
}
