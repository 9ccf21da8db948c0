import { STATUS_CODES } from "node:http";
import type { SallyportError } from "../core/errors.ts";
import { firstValue } from "../http1/fields.ts";
import type { Field } from "../http1/head.ts";

/** What a failed request's answer is made of. */
export interface FailureAnswer {
  readonly error: SallyportError;
  /** Of the request, for what the client accepts. */
  readonly fields: readonly Field[];
  readonly method: string;
  /** The parent's name, `direct`, or undefined when the request never left. */
  readonly via: string | undefined;
  readonly close: boolean;
}

/**
 * The whole answer to a request that failed: it names the hop, the cause and the mend, to a person in text or HTML,
 * and to a program in `Proxy-Status` (RFC 9209).
 */
export function writeFailure(answer: FailureAnswer): string {
  const { error, close } = answer;
  const reason = STATUS_CODES[error.status] ?? "Error";
  const wantsHtml = /\btext\/html\b/i.test(firstValue(answer.fields, "accept") ?? "");
  const body = wantsHtml ? asHtml(answer, reason) : asText(answer, reason);
  const lines = [
    `HTTP/1.1 ${error.status} ${reason}`,
    `Content-Type: ${wantsHtml ? "text/html" : "text/plain"}; charset=utf-8`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    `Proxy-Status: sallyport${error.proxyError ? `; error=${error.proxyError}` : ""}; details=${quoted(`${error.code}: ${error.message}`)}`,
    "Cache-Control: no-store",
    // The client's own sign-in; a parent's 407 is never passed on, since the client could not answer it.
    ...(error.status === 407 ? ['Proxy-Authenticate: Basic realm="Sallyport", charset="UTF-8"'] : []),
    ...(close ? ["Connection: close", "Proxy-Connection: close"] : ["Connection: keep-alive"]),
    ...(wantsHtml ? ["Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'"] : []),
  ];
  const head = `${lines.join("\r\n")}\r\n\r\n`;
  return answer.method === "HEAD" ? head : head + body;
}

/** Which part of the way it was: in words for the engineer of the CI host. */
export function hopOf(error: SallyportError, via: string | undefined): string {
  if (CLIENT_SIDE.has(error.code)) return "from the program to Sallyport";
  if (via === undefined) return "in Sallyport on this host";
  if (via === "direct") return "from Sallyport straight to the server, without a parent";
  return LOGON.has(error.code)
    ? `the logon of Sallyport to the company's proxy ${via}`
    : `from Sallyport to the company's proxy ${via}`;
}

const CLIENT_SIDE = new Set([
  "SP_BAD_REQUEST",
  "SP_CLIENT_DENIED",
  "SP_CLIENT_LOGON",
  "SP_CLIENT_TIMEOUT",
  "SP_TARGET_DENIED",
  "SP_LOOP",
]);
const LOGON = new Set([
  "SP_SCHEME",
  "SP_CHALLENGE",
  "SP_CREDENTIAL_REFUSED",
  "SP_CREDENTIAL_LATCHED",
  "SP_NO_CREDENTIAL",
]);

function asText({ error, via }: FailureAnswer, reason: string): string {
  return [
    `${error.status} ${reason}: ${error.title}`,
    "",
    `Hop:   ${hopOf(error, via)}`,
    `Cause: ${error.message}`,
    ...(error.hint ? [`Mend:  ${error.hint}`] : []),
    "",
    `Sallyport, ${error.code}`,
    "",
  ].join("\n");
}

function asHtml({ error, via }: FailureAnswer, reason: string): string {
  const rows = [
    ["Hop", hopOf(error, via)],
    ["Cause", error.message],
    ...(error.hint ? [["Mend", error.hint]] : []),
  ];
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${error.status} ${escapeHtml(reason)}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:44em;margin:3em auto;padding:0 1em;color-scheme:light dark}dt{font-weight:600}</style>
<h1>${error.status} ${escapeHtml(reason)}: ${escapeHtml(error.title)}</h1>
<dl>${rows.map(([term, text]) => `<dt>${term}</dt><dd>${escapeHtml(text!)}</dd>`).join("")}</dl>
<p>Sallyport, ${error.code}</p></html>
`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** An sf-string (RFC 8941, 3.3.3): printable ASCII only. */
function quoted(text: string): string {
  return `"${text.replace(/[^\x20-\x7e]/g, "?").replace(/["\\]/g, "\\$&")}"`;
}
