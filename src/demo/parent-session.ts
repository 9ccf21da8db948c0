import { setTimeout as delay } from "node:timers/promises";
import { asSallyportError, BadRequestError } from "../core/errors.ts";
import { BodyScanner } from "../http1/body.ts";
import { firstValue } from "../http1/fields.ts";
import { type Framing, keepsAlive, requestFraming } from "../http1/framing.ts";
import { parseRequestHead, type RequestHead } from "../http1/head.ts";
import { closeGently } from "../wire/close-gently.ts";
import type { IdleWatch } from "../wire/idle.ts";
import { readHead } from "../wire/reading.ts";
import type { Wire } from "../wire/wire.ts";
import { parentAnswer } from "./parent-answers.ts";
import { forwardRequest, openTunnel } from "./parent-forward.ts";
import type { Behaviour, DemoParentOptions, ParentCounters } from "./parent-options.ts";
import { type ParentOrigins, statusOf } from "./parent-origins.ts";
import { ParentSignIn, type SignInRules } from "./parent-sign-in.ts";

/** What all connections of one embedded parent share. */
export interface ParentContext {
  readonly options: DemoParentOptions;
  readonly rules: SignInRules;
  readonly counters: ParentCounters;
  readonly origins: ParentOrigins;
  readonly idle: IdleWatch;
  readonly stopping: AbortSignal;
  /** Connections that carry a tunnel. */
  readonly tunnelled: WeakSet<Wire>;
  behaviour: Behaviour;
}

/** One client's connection, while it is served. */
export interface ParentSession {
  readonly wire: Wire;
  readonly context: ParentContext;
  /** Aborted when the client has gone. */
  readonly gone: AbortSignal;
}

/** How a request ended. */
export interface Served {
  readonly status: number;
  /** Whether the connection is good for another request. */
  readonly keep: boolean;
}

/** Serves one client's connection to its end, request after request. */
export async function serveParentClient(wire: Wire, context: ParentContext): Promise<void> {
  const gone = new AbortController();
  wire.whenClosed(() => gone.abort(new Error("the client has gone")));
  const session: ParentSession = { wire, context, gone: gone.signal };
  const signIn = new ParentSignIn(context.rules, context.counters);
  const connection = context.counters.connections;
  for (;;) {
    const head = await nextRequest(wire, context);
    if (head === undefined) break;
    const served =
      head instanceof BadRequestError
        ? refuseRequest(session, head)
        : await serveRequest(session, head, signIn, connection);
    if (!served.keep) break;
  }
  closeGently(wire);
}

async function serveRequest(
  session: ParentSession,
  head: RequestHead,
  signIn: ParentSignIn,
  connection: number,
): Promise<Served> {
  const { context, wire } = session;
  context.counters.requests++;
  if (head.method === "TRACE") context.counters.traces++;
  if (head.method === "CONNECT") context.counters.connects++;
  if (!(await behave(session))) return { status: 0, keep: false };
  let served: Served;
  try {
    served = await route(session, head, requestFraming(head), signIn);
  } catch (thrown) {
    if (session.gone.aborted) return { status: 0, keep: false };
    const error = asSallyportError(thrown);
    const status = error instanceof BadRequestError ? error.status : statusOf(error);
    wire.socket.write(
      parentAnswer(session, head, { status, text: `${error.message}\n`, keep: false }),
      "latin1",
    );
    served = { status, keep: false };
  }
  if (context.options.onRequest)
    context.options.onRequest({
      connection,
      method: head.method,
      target: head.target,
      status: served.status,
      user: signIn.user,
      headers: new Map(head.fields.map((field) => [field.lower, field.value])),
    });
  if (context.options.authPerRequest && served.status !== 407) signIn.forget();
  return served;
}

async function route(
  session: ParentSession,
  head: RequestHead,
  framing: Framing,
  signIn: ParentSignIn,
): Promise<Served> {
  const { context, wire } = session;
  const { trace = "answer" } = context.options;
  if (head.method === "TRACE" && trace !== "answer") return refuseTrace(session, head, trace);
  const verdict = signIn.judge(head);
  if (verdict.kind === "challenge") {
    context.counters.legs++;
    const close = verdict.bare && context.options.closeOn407 === true;
    const keep = !close && keepsAlive(head) && mayFollow(head, framing);
    wire.socket.write(parentAnswer(session, head, { status: 407, offers: verdict.offers, keep }), "latin1");
    return { status: 407, keep: keep && (await discardBody(wire, framing)) };
  }
  if (head.method === "CONNECT") return await openTunnel(session, head);
  if (head.method === "TRACE" && firstValue(head.fields, "max-forwards") === "0")
    return answerTrace(session, head);
  return await forwardRequest(session, head, framing);
}

/** @returns false when the request gets no answer at all */
async function behave({ context, wire, gone }: ParentSession): Promise<boolean> {
  const { behaviour } = context;
  if (behaviour === "well") return true;
  if (behaviour === "hang") {
    await new Promise<void>((resolve) => wire.whenClosed(() => resolve()));
    return false;
  }
  if (typeof behaviour === "string") {
    wire.destroy();
    return false;
  }
  return await delay(behaviour.slow, true, { signal: gone }).catch(() => false);
}

function refuseTrace(
  session: ParentSession,
  head: RequestHead,
  how: "error" | "refuse-open" | "close",
): Served {
  if (how === "close") {
    session.wire.destroy();
    return { status: 0, keep: false };
  }
  const keep = how === "refuse-open" && keepsAlive(head);
  const status = how === "error" ? 501 : 405;
  session.wire.socket.write(parentAnswer(session, head, { status, keep }), "latin1");
  return { status, keep };
}

/** The parent is the last hop of it (RFC 9110, 7.6.2), and says back what came, without credentials (9.3.8). */
function answerTrace(session: ParentSession, head: RequestHead): Served {
  const fields = head.fields.filter((field) => !/authorization|cookie/.test(field.lower));
  const text = [
    `TRACE ${head.target} HTTP/1.${head.minor}`,
    ...fields.map((one) => `${one.name}: ${one.value}`),
  ];
  const keep = keepsAlive(head);
  const answer = { status: 200, type: "message/http", text: `${text.join("\r\n")}\r\n\r\n`, keep };
  session.wire.socket.write(parentAnswer(session, head, answer), "latin1");
  return { status: 200, keep };
}

function refuseRequest(session: ParentSession, error: BadRequestError): Served {
  const head: RequestHead = { method: "GET", target: "-", minor: 1, fields: [] };
  const { status } = error;
  session.wire.socket.write(
    parentAnswer(session, head, { status, text: `${error.message}\n`, keep: false }),
    "latin1",
  );
  return { status, keep: false };
}

/** The next request; undefined at the connection's end, an error for what is not HTTP. */
async function nextRequest(
  wire: Wire,
  context: ParentContext,
): Promise<RequestHead | BadRequestError | undefined> {
  const { idleTimeout = 0 } = context.options;
  const limit = idleTimeout > 0 ? setTimeout(() => wire.destroy(), idleTimeout) : undefined;
  try {
    const text = await readHead(wire, HEAD_BYTES, HEAD_ERRORS);
    return text === undefined ? undefined : parseRequestHead(text, HEAD_FIELDS);
  } catch (error) {
    return error instanceof BadRequestError ? error : undefined;
  } finally {
    clearTimeout(limit);
  }
}

const HEAD_BYTES = 128 * 1024;
const HEAD_FIELDS = 1000;
const HEAD_ERRORS = {
  tooLong: (bytes: number) => new BadRequestError(`The head is longer than ${bytes} bytes`, { status: 431 }),
  bareLineFeed: () => new BadRequestError("A line of the head ends with a bare LF"),
  cutShort: (cause: Error | undefined) =>
    new BadRequestError("The connection ended within the head", { cause }),
};

/** After `Expect: 100-continue` and a final answer, nobody knows whether the body still comes. */
function mayFollow(head: RequestHead, framing: Framing): boolean {
  return framing.kind === "none" || firstValue(head.fields, "expect") === undefined;
}

/** Reads over the body of a request that was turned away. */
function discardBody(wire: Wire, framing: Framing): Promise<boolean> {
  const scanner = new BodyScanner(framing);
  if (scanner.done) return Promise.resolve(true);
  return new Promise((resolve) => {
    const finish = (whole: boolean) => {
      unwatch();
      wire.unread();
      resolve(whole);
    };
    const unwatch = wire.whenClosed(() => finish(false));
    wire.read({
      data(bytes) {
        try {
          const used = scanner.scan(bytes);
          if (scanner.done) finish(true);
          return used;
        } catch {
          finish(false);
          return bytes.length;
        }
      },
      end: () => finish(false),
    });
  });
}
