import { isIPv6 } from "node:net";
import { BadRequestError } from "../core/errors.ts";

/** Where a request wants to go. */
export interface Target {
  readonly scheme: string;
  /** Lower case, without brackets. */
  readonly host: string;
  readonly port: number;
  /** `host:port` as it goes into a Host field or a CONNECT line: brackets around IPv6, the port as it was written. */
  readonly authority: string;
  /** Path and query; empty for CONNECT. */
  readonly path: string;
  /** What stood before the @, still percent-encoded. */
  readonly userinfo: string | undefined;
}

/**
 * The target of a `CONNECT` (authority-form, RFC 9112, 3.2.3).
 * @throws BadRequestError when it is not `host:port`
 */
export function parseAuthority(text: string): Target {
  const match = AUTHORITY.exec(text);
  const port = Number(match?.[3] ?? Number.NaN);
  if (!match || !(port >= 1 && port <= 65535))
    throw new BadRequestError(`CONNECT wants host:port, and got "${printable(text)}"`);
  const host = hostOf(match[1], match[2]);
  if (host === undefined) throw new BadRequestError(`CONNECT wants host:port, and got "${printable(text)}"`);
  return { scheme: "https", host, port, authority: text, path: "", userinfo: undefined };
}

/**
 * The target of any other request to a proxy (absolute-form, RFC 9112, 3.2.2).
 * @throws BadRequestError when it is not an absolute URL with a host
 */
export function parseAbsolute(text: string): Target {
  const match = ABSOLUTE.exec(text);
  if (!match) {
    throw new BadRequestError(`A proxy wants a whole URL, and got "${printable(text)}"`, {
      hint: "Set this address as the proxy of the program (http_proxy), not as the server it calls.",
    });
  }
  const [, rawScheme, userinfo, authority, rawPath] = match as unknown as [
    string,
    string,
    string?,
    string?,
    string?,
  ];
  const parts = HOST_PORT.exec(authority ?? "");
  const scheme = rawScheme.toLowerCase();
  const port = parts?.[3] ? Number(parts[3]) : (DEFAULT_PORTS[scheme] ?? 0);
  const host = hostOf(parts?.[1], parts?.[2]);
  if (host === undefined || !(port >= 1 && port <= 65535))
    throw new BadRequestError(`The URL has no valid host and port: "${printable(text)}"`);
  const path = (rawPath ?? "").replace(/#.*$/s, "");
  return {
    scheme,
    host,
    port,
    authority: authority!.replace(/:$/, ""),
    path: path.startsWith("/") ? path : `/${path}`,
    userinfo,
  };
}

/** For messages: no control characters, not endless, and nothing that may be a password before an @. */
export function printable(text: string): string {
  const clean = text.replace(/[^\x20-\x7e]/g, "?").replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/i, "$1***@");
  return clean.length > 80 ? `${clean.slice(0, 80)}…` : clean;
}

/** Lower case; undefined when the brackets hold no IPv6 address. A zone loses its encoding (RFC 6874). */
function hostOf(bracketed: string | undefined, name: string | undefined): string | undefined {
  if (bracketed === undefined) return name?.toLowerCase();
  const address = bracketed.toLowerCase().replace("%25", "%");
  return isIPv6(address) ? address : undefined;
}

/** A name has the characters of RFC 3986, 3.2.2 only: what other readers take for the end of the host is refused. */
const HOST = "\\[([0-9A-Fa-f:.]+(?:%25[\\w.~-]+)?)\\]|([\\w.~!$&'()*+,;=%-]+)";
const AUTHORITY = new RegExp(`^(?:${HOST}):(\\d{1,5})$`);
const HOST_PORT = new RegExp(`^(?:${HOST})(?::(\\d{0,5}))?$`);
const ABSOLUTE = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/(?:([^/?#\\]*)@)?([^/?#@]*)([/?#].*)?$/s;
const DEFAULT_PORTS: Readonly<Record<string, number>> = { http: 80, https: 443, ftp: 21, ws: 80, wss: 443 };
