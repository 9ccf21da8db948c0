import { AnswerError, BadRequestError } from "../core/errors.ts";
import { valuesOf } from "./fields.ts";
import { type Field, type RequestHead, type ResponseHead, trimOws } from "./head.ts";

/** Where a message's body ends. */
export type Framing =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly length: number }
  | { readonly kind: "chunked" }
  /** At the end of the connection: answers only. */
  | { readonly kind: "close" };

/**
 * How the body of a request is framed (RFC 9112, 6.3). What a server behind us could read differently is refused:
 * request smuggling lives there.
 * @throws BadRequestError (400, or 501 for a transfer coding other than chunked)
 */
export function requestFraming(head: RequestHead): Framing {
  const codings = members(head.fields, "transfer-encoding");
  const lengths = members(head.fields, "content-length");
  if (codings.length === 0) return lengths.length === 0 ? NONE : byLength(lengths, badRequest);
  if (lengths.length > 0) badRequest("it has both Content-Length and Transfer-Encoding");
  if (head.minor === 0) badRequest("it is HTTP/1.0 and has Transfer-Encoding");
  if (codings.includes("")) badRequest("its Transfer-Encoding has an empty member");
  if (codings.length > 1 || codings[0]!.toLowerCase() !== "chunked")
    throw new BadRequestError(`The request's Transfer-Encoding "${codings.join(", ")}" is not supported`, {
      status: 501,
      hint: "Only `chunked` is.",
    });
  return CHUNKED;
}

/**
 * How the body of an answer is framed (RFC 9112, 6.3).
 * @param method of the request that it answers
 * @throws AnswerError
 */
export function responseFraming(head: ResponseHead, method: string): Framing {
  if (method === "HEAD" || head.status < 200 || head.status === 204 || head.status === 304) return NONE;
  const codings = members(head.fields, "transfer-encoding").map((coding) => coding.toLowerCase());
  const lengths = members(head.fields, "content-length");
  if (codings.length > 0) {
    if (lengths.length > 0) badAnswer("it has both Content-Length and Transfer-Encoding");
    // Other codings may stand before it; chunked twice is forbidden (RFC 9112, 6.1), and two readers would differ.
    const at = codings.indexOf("chunked");
    if (at >= 0 && at < codings.length - 1) badAnswer("its Transfer-Encoding goes on after chunked");
    return at < 0 ? CLOSE : CHUNKED;
  }
  return lengths.length === 0 ? CLOSE : byLength(lengths, badAnswer);
}

/** Whether the connection may carry another message after this one (RFC 9112, 9.3), by either header's word. */
export function keepsAlive(head: { readonly minor: 0 | 1; readonly fields: readonly Field[] }): boolean {
  const words = [...valuesOf(head.fields, "connection"), ...valuesOf(head.fields, "proxy-connection")];
  const lower = words.map((word) => word.toLowerCase());
  if (lower.includes("close")) return false;
  if (head.minor === 1) return true;
  // HTTP/1.0 knows no Transfer-Encoding: whoever sends it may not know where its body ends (RFC 9112, 6.1).
  return lower.includes("keep-alive") && !head.fields.some((field) => field.lower === "transfer-encoding");
}

const NONE: Framing = { kind: "none" };
const CHUNKED: Framing = { kind: "chunked" };
const CLOSE: Framing = { kind: "close" };

/** The members of a list field, empty ones too: an empty field is not the same as none to every reader. */
function members(fields: readonly Field[], name: string): string[] {
  let found: string[] = NOTHING;
  for (const field of fields) {
    if (field.lower !== name) continue;
    if (field.value.includes(",")) found = [...found, ...field.value.split(",").map(trimOws)];
    else found = [...found, field.value];
  }
  return found;
}

const NOTHING: string[] = [];

function byLength(values: readonly string[], refuse: (what: string) => never): Framing {
  const first = values[0]!;
  // The same length twice is one length (RFC 9112, 6.3); two lengths are an attack.
  if (values.some((one) => one !== first)) refuse("it has two different Content-Length values");
  if (!/^\d{1,15}$/.test(first)) refuse("its Content-Length is not a number");
  return { kind: "length", length: Number(first) };
}

function badRequest(what: string): never {
  throw new BadRequestError(`The request is ambiguous: ${what}`);
}

function badAnswer(what: string): never {
  throw new AnswerError(`The answer is ambiguous: ${what}`);
}
