import { type Field, trimOws } from "./head.ts";

/** All values of a field, lists split at their commas, empty members left out. `name` in lower case. */
export function valuesOf(fields: readonly Field[], name: string): string[] {
  let values: string[] = NOTHING;
  for (const field of fields) {
    if (field.lower !== name) continue;
    if (values === NOTHING) values = [];
    if (field.value.includes(",")) for (const part of field.value.split(",")) pushPart(values, trimOws(part));
    else pushPart(values, field.value);
  }
  return values;
}

/** The first value of a field, whole, or undefined. `name` in lower case. */
export function firstValue(fields: readonly Field[], name: string): string | undefined {
  return fields.find((field) => field.lower === name)?.value;
}

/**
 * The fields that go on to the next hop (RFC 9110, 7.6.1): without those of this connection, and without what
 * `Connection` names. Framing stays, since bodies are passed on as they are framed; so does Host.
 */
export function endToEnd(fields: readonly Field[]): Field[] {
  const named = valuesOf(fields, "connection");
  const kept = oneLength(fields.filter((field) => !HOP_BY_HOP.has(field.lower)));
  if (named.length === 0) return kept;
  const dropped = new Set(named.map((name) => name.toLowerCase()));
  for (const name of NEVER_NAMED) dropped.delete(name);
  return kept.filter((field) => !dropped.has(field.lower));
}

/** Header lines, each with its CRLF. */
export function writeFields(fields: readonly Field[]): string {
  let text = "";
  for (const field of fields) text += `${field.name}: ${field.value}\r\n`;
  return text;
}

const NOTHING: string[] = [];

const HOP_BY_HOP = new Set([
  "connection",
  "proxy-connection",
  "keep-alive",
  "te",
  "upgrade",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-authentication-info",
]);

/** A `Connection: content-length` must not change where the next hop sees the body end. */
const NEVER_NAMED = ["content-length", "transfer-encoding", "host", "via"];

/** The same Content-Length given twice goes on once: the next hop need not know that rule. */
function oneLength(fields: Field[]): Field[] {
  const lengths = fields.filter((field) => field.lower === "content-length");
  if (lengths.length === 0 || (lengths.length === 1 && !lengths[0]!.value.includes(","))) return fields;
  const rest = fields.filter((field) => field.lower !== "content-length");
  return [...rest, { ...lengths[0]!, value: valuesOf(lengths, "content-length")[0] ?? "0" }];
}

function pushPart(values: string[], part: string): void {
  if (part !== "") values.push(part);
}
