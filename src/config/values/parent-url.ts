import { isIP } from "node:net";
import type { Reading, Wrong } from "../problem.ts";

export interface ParentAddress {
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
}

/** Reads a parent's URL, `http://host:port`. Whatever stands before an `@` is refused and never shown. */
export function readParentUrl(text: string): Reading<ParentAddress> {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (text.includes("@"))
    return {
      what: "the URL of a parent holds a user name or password",
      hint: "take it out: the name belongs into username, the password into password_file",
    };
  if (scheme === undefined)
    return wrong(text, `write it with its scheme: "http://${text.replace(/^\/*/, "")}"`);
  if (["https", "socks5", "socks5h", "socks4", "socks"].includes(scheme))
    return {
      what: `a parent that is reached by ${scheme}:// comes in a later version`,
      hint: 'use one that is reached by http://, as in "http://10.0.0.41:8080"',
    };
  if (scheme !== "http") return wrong(text, 'write "http://host:port"');
  const rest = text.slice("http://".length);
  const parts = /^(?:\[([^\]]*)\]|([^:/?#[\]]+))(?::(\d+))?(\/?)$/.exec(rest);
  if (!parts)
    return wrong(
      text,
      /[/?#]/.test(rest) ? 'write only "http://host:port", without a path' : 'write "http://host:port"',
    );
  if (parts[3] === undefined) return wrong(text, `name its port: "http://${rest.replace(/\/$/, "")}:8080"`);
  return readHostPort(parts[1], parts[2], Number(parts[3]), text);
}

/** Reads cntlm's form, `host:port` or `[v6]:port`. */
export function readParentHostPort(text: string): Reading<ParentAddress> {
  if (text.includes("@")) return readParentUrl(text);
  const parts = /^(?:\[([^\]]*)\]|([^:/?#[\]=\s]+)):(\d+)$/.exec(text);
  if (!parts) return wrong(text, "write host:port, as in 10.0.0.41:8080");
  return readHostPort(parts[1], parts[2], Number(parts[3]), text);
}

/** `host:port`, with brackets where they are needed. */
export function parentText(parent: ParentAddress): string {
  return `${parent.host.includes(":") ? `[${parent.host}]` : parent.host}:${parent.port}`;
}

function readHostPort(
  bracketed: string | undefined,
  name: string | undefined,
  port: number,
  text: string,
): Reading<ParentAddress> {
  if (port < 1 || port > 65535) return wrong(text, "a port is a number from 1 to 65535");
  if (bracketed !== undefined)
    return isIP(bracketed) === 6
      ? { value: { host: bracketed, port } }
      : wrong(text, "brackets are for IPv6 addresses");
  const host = name!;
  if (!isIP(host) && (/^[\d.]+$/.test(host) || !/^[\p{L}\p{N}_]([\p{L}\p{N}_.-]*)$/u.test(host)))
    return wrong(text, "the host is a name or an address");
  return { value: { host, port } };
}

function wrong(text: string, hint: string): Wrong {
  return { what: `"${text}" is not the URL of a parent`, hint };
}
