import { createHash, timingSafeEqual } from "node:crypto";
import { BadRequestError, ClientLogonError, LoopError } from "../core/errors.ts";
import { firstValue, valuesOf, writeFields } from "../http1/fields.ts";
import { keepsAlive, requestFraming } from "../http1/framing.ts";
import type { Field, RequestHead } from "../http1/head.ts";
import { parseAbsolute, parseAuthority, type Target } from "../http1/target.ts";
import type { ClientConnection, ProxyContext } from "./context.ts";
import type { Recorder } from "./recorder.ts";

/** A request that may go on, and where to. */
export type Admitted =
  | {
      readonly kind: "connect" | "forward";
      readonly head: RequestHead;
      readonly target: Target;
      readonly isHost: boolean;
    }
  /** One that this proxy answers itself. */
  | { readonly kind: "answered"; readonly answer: string; readonly keep: boolean };

/**
 * Judges a request before anything is done for it: who asks, for what, and whether it has been here before.
 * @throws ClientDeniedError, ClientLogonError, BadRequestError, LoopError, TargetDeniedError
 */
export function admit(
  connection: ClientConnection,
  head: RequestHead,
  context: ProxyContext,
  recorder: Recorder,
): Admitted {
  const verdict = context.gate.judgeClient(connection.client);
  if (verdict.denied) throw verdict.denied;
  // Before the target is looked at: what comes back from a parent may have another form.
  refuseLoop(head, context);
  requireLogon(head, context);
  requireHost(head);
  const target = head.method === "CONNECT" ? parseAuthority(head.target) : parseAbsolute(head.target);
  recorder.target =
    head.method === "CONNECT"
      ? target.authority
      : `${target.scheme}://${target.authority}${target.path.replace(/\?.*$/s, "")}`;
  const denied = context.gate.refuseTarget(verdict.isHost, target.host, target);
  if (denied) throw denied;
  if (head.method === "CONNECT") return { kind: "connect", head, target, isHost: verdict.isHost };
  // Here for those that are answered at once as well: their body must not be read as the next request.
  const framing = requestFraming(head);
  const counted = countHops(head);
  if (counted === "last")
    return { kind: "answered", answer: answerHere(head), keep: framing.kind === "none" && keepsAlive(head) };
  return { kind: "forward", head: counted, target, isHost: verdict.isHost };
}

/** Basic sign-in of clients (RFC 7617), where the configuration names any. */
function requireLogon(head: RequestHead, context: ProxyContext): void {
  const { clients } = context.settings;
  if (clients.length === 0) return;
  const [, token] = /^basic +(.+)$/i.exec(firstValue(head.fields, "proxy-authorization") ?? "") ?? [];
  const given = Buffer.from(token ?? "", "base64").toString("utf8");
  // Every one is compared, so that the time tells nothing about a name.
  const matches = clients.filter((one) => same(given, `${one.username}:${one.password.reveal()}`));
  if (matches.length > 0) return;
  throw new ClientLogonError(
    token === undefined
      ? "This proxy asks its clients to sign in, and the request carries no Proxy-Authorization: Basic"
      : "The name or the password in Proxy-Authorization is not one that this proxy knows",
    { hint: "Put name and password into the client's proxy URL: http://name:password@host:port." },
  );
}

function same(given: string, wanted: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}

/** RFC 9112, 3.2: exactly one Host in HTTP/1.1. What it says does not count: the target does. */
function requireHost(head: RequestHead): void {
  const hosts = head.fields.filter((field) => field.lower === "host");
  if (hosts.length > 1) throw new BadRequestError("The request has more than one Host field");
  if (hosts.length === 0 && head.minor === 1)
    throw new BadRequestError("The request is HTTP/1.1 and has no Host field");
}

function refuseLoop(head: RequestHead, context: ProxyContext): void {
  const seen = valuesOf(head.fields, "via").some((one) => one.split(/[ \t]+/)[1] === context.pseudonym);
  if (!seen) return;
  throw new LoopError("This request has been through this proxy before: the way out leads back to it", {
    hint: "A parent, or the environment's proxy variables of one, must not point to Sallyport itself.",
  });
}

/** Max-Forwards of TRACE and OPTIONS (RFC 9110, 7.6.2): one less, or answered here. */
function countHops(head: RequestHead): RequestHead | "last" {
  if (head.method !== "TRACE" && head.method !== "OPTIONS") return head;
  const text = firstValue(head.fields, "max-forwards");
  if (text === undefined || !/^\d{1,9}$/.test(text)) return head;
  if (Number(text) === 0) return "last";
  const fields = head.fields.map((field) =>
    field.lower === "max-forwards" ? { ...field, value: String(Number(text) - 1) } : field,
  );
  return { ...head, fields };
}

function answerHere(head: RequestHead): string {
  if (head.method === "OPTIONS")
    return "HTTP/1.1 200 OK\r\nAllow: CONNECT, GET, HEAD, POST, PUT, DELETE, OPTIONS, TRACE, PATCH\r\nContent-Length: 0\r\n\r\n";
  // RFC 9110, 9.3.8: without what is secret.
  const shown = head.fields.filter((field: Field) => !SENSITIVE.has(field.lower));
  const body = `TRACE ${head.target} HTTP/1.${head.minor}\r\n${writeFields(shown)}\r\n`;
  return `HTTP/1.1 200 OK\r\nContent-Type: message/http\r\nContent-Length: ${Buffer.byteLength(body, "latin1")}\r\n\r\n${body}`;
}

const SENSITIVE = new Set(["authorization", "proxy-authorization", "cookie", "set-cookie"]);
