import { endToEnd, firstValue, valuesOf, writeFields } from "../http1/fields.ts";
import type { Field, RequestHead } from "../http1/head.ts";
import type { Target } from "../http1/target.ts";

/**
 * The head of a request as it goes on, without its last empty line: the target in the form the next hop wants
 * (absolute for a parent, path for an origin; RFC 9112, 3.2), its Host from the target, no field of the client's own
 * connection, and this proxy's name in Via.
 */
export function outboundHead(
  head: RequestHead,
  target: Target,
  to: "parent" | "origin",
  pseudonym: string,
): string {
  const line = to === "parent" ? `${target.scheme}://${target.authority}${target.path}` : target.path;
  const fields = endToEnd(head.fields).filter((field) => field.lower !== "host" && field.lower !== "via");
  const authorization = authorizationFrom(target, fields);
  return (
    `${head.method} ${line} HTTP/1.1\r\nHost: ${target.authority}\r\n` +
    writeFields(fields) +
    authorization +
    upgradeFields(head.fields) +
    `Via: ${[...valuesOf(head.fields, "via"), `1.${head.minor} ${pseudonym}`].join(", ")}\r\n` +
    (to === "parent" ? "Proxy-Connection: keep-alive\r\n" : "")
  );
}

/** The head of a CONNECT as it goes on to a parent. */
export function outboundConnect(head: RequestHead, target: Target, pseudonym: string): string {
  const fields = endToEnd(head.fields).filter(
    (field) => !["host", "via", "content-length", "transfer-encoding"].includes(field.lower),
  );
  return (
    `CONNECT ${target.authority} HTTP/1.1\r\nHost: ${target.authority}\r\n` +
    writeFields(fields) +
    `Via: ${[...valuesOf(head.fields, "via"), `1.${head.minor} ${pseudonym}`].join(", ")}\r\n` +
    "Proxy-Connection: keep-alive\r\n"
  );
}

/** True when the client asks to change the protocol on this connection (RFC 9110, 7.8). */
export function wantsUpgrade(fields: readonly Field[]): boolean {
  return (
    firstValue(fields, "upgrade") !== undefined &&
    valuesOf(fields, "connection").some((word) => word.toLowerCase() === "upgrade")
  );
}

function upgradeFields(fields: readonly Field[]): string {
  return wantsUpgrade(fields) ? `Connection: Upgrade\r\nUpgrade: ${firstValue(fields, "upgrade")}\r\n` : "";
}

/**
 * `http://user:password@host/` means Basic sign-in to the origin (RFC 7617, 2): the userinfo must not go on in the
 * target (RFC 9110, 4.2.4), and a client that leaves it there has not sent the header either.
 */
function authorizationFrom(target: Target, fields: readonly Field[]): string {
  if (target.userinfo === undefined || firstValue(fields, "authorization") !== undefined) return "";
  let text: string;
  try {
    text = decodeURIComponent(target.userinfo);
  } catch {
    text = target.userinfo;
  }
  const both = text.includes(":") ? text : `${text}:`;
  return `Authorization: Basic ${Buffer.from(both, "utf8").toString("base64")}\r\n`;
}
