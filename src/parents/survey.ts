import type { ParentSettings, ProxySettings } from "../config/settings.ts";
import { parentText } from "../config/values/parent-url.ts";
import type { Scheme } from "../core/credential.ts";
import { asSallyportError, NoAnswerError, type SallyportError } from "../core/errors.ts";
import type { Target } from "../http1/target.ts";
import type { Events } from "../observe/events.ts";
import { dial } from "../wire/dial.ts";
import { Connection } from "./connection.ts";
import type { CredentialGuard } from "./guard.ts";
import { again, judge, type Learnt, offers, signIn } from "./sign-in.ts";

/** What one parent offers and accepts. */
export interface Survey {
  readonly parent: string;
  /** Milliseconds of the TCP connection. */
  readonly connectMs: number | undefined;
  /** As the parent spells them; empty when it asked for nothing. */
  readonly offers: readonly string[];
  /** True when a request went through without a logon. A 403 or 502 before any 407 tells nothing. */
  readonly open: boolean;
  readonly logon: "accepted" | "refused" | "not tried" | "unclear";
  readonly scheme: Scheme | undefined;
  /** Of the last answer. */
  readonly status: number | undefined;
  /** What the parent does with a TRACE for itself. */
  readonly trace: "answered" | "refused" | "not tried";
  readonly error: SallyportError | undefined;
}

/**
 * Asks a parent what it offers, then signs in once with the strongest scheme. At most one logon is spent, and that
 * under the guard, which shares its count with a running proxy.
 */
export async function surveyParent(
  parent: ParentSettings,
  target: Target,
  options: {
    readonly proxy: ProxySettings;
    readonly guard: CredentialGuard | undefined;
    readonly events: Events;
    readonly signal: AbortSignal;
  },
): Promise<Survey> {
  const name = parentText(parent);
  let found: Survey = {
    parent: name,
    connectMs: undefined,
    offers: [],
    open: false,
    logon: "not tried",
    scheme: undefined,
    status: undefined,
    trace: "not tried",
    error: undefined,
  };
  const open = () => connect(parent, name, options.proxy, options.signal);
  const ask =
    (connection: Connection, method: "GET" | "TRACE") => async (authorization: string | undefined) => {
      connection.send(requestFor(method, target, authorization));
      return await connection.answer(options.signal);
    };
  try {
    const started = performance.now();
    const bare = await open();
    found = { ...found, connectMs: performance.now() - started };
    const answer = await ask(bare, "GET")(undefined).finally(() => bare.wire.destroy());
    const offered = offers(answer);
    found = {
      ...found,
      status: answer.status,
      open: answer.status < 400,
      offers: offered.map((one) => one.name),
    };
    if (answer.status !== 407 || !options.guard || !parent.credential) return found;

    const learnt: Learnt = { scheme: parent.credential.auth === "auto" ? undefined : parent.credential.auth };
    for (let tries = 1; tries <= 2; tries++) {
      const permit = await options.guard.enter(options.signal);
      const connection = await open();
      try {
        const head = await signIn({
          connection,
          credential: parent.credential,
          permit,
          enter: async () => permit,
          learnt,
          events: options.events,
          parentHost: parent.host,
          method: "GET",
          signal: options.signal,
          leg: ask(connection, "GET"),
        });
        if (head === again) continue;
        found = {
          ...found,
          status: head.status,
          scheme: learnt.scheme,
          logon: judge(head.status) === "unclear" ? "unclear" : "accepted",
        };
        if (connection.authenticated && (await connection.skipBody(head, "GET", options.signal)))
          found = { ...found, trace: await traceOn(connection, ask(connection, "TRACE")) };
        return found;
      } finally {
        connection.wire.destroy();
      }
    }
    return found;
  } catch (thrown) {
    const error = asSallyportError(thrown);
    return { ...found, logon: error.code === "SP_CREDENTIAL_REFUSED" ? "refused" : found.logon, error };
  }
}

async function connect(
  parent: ParentSettings,
  name: string,
  { timeouts, limits }: ProxySettings,
  signal: AbortSignal,
): Promise<Connection> {
  const wire = await dial({
    host: parent.host,
    port: parent.port,
    name: `the parent ${name}`,
    timeout: timeouts.connect,
    signal,
  });
  return new Connection(wire, name, {
    headBytes: limits.headBytes,
    headFields: limits.headFields,
    answer: timeouts.answer,
    response: LONGEST,
  });
}

/** On a connection that is signed in already: this costs no logon. */
async function traceOn(
  connection: Connection,
  ask: (authorization: undefined) => ReturnType<Connection["answer"]>,
): Promise<Survey["trace"]> {
  try {
    const head = await ask(undefined);
    return head.status < 400 ? "answered" : "refused";
  } catch (error) {
    if (error instanceof NoAnswerError || connection.wire.closed) return "refused";
    throw error;
  }
}

function requestFor(method: "GET" | "TRACE", target: Target, authorization: string | undefined): string {
  return (
    `${method} ${target.scheme}://${target.authority}${target.path} HTTP/1.1\r\nHost: ${target.authority}\r\n` +
    "User-Agent: sallyport-detect\r\nProxy-Connection: keep-alive\r\n" +
    (method === "TRACE" ? "Max-Forwards: 0\r\n" : "") +
    (authorization === undefined ? "" : `Proxy-Authorization: ${authorization}\r\n`) +
    "\r\n"
  );
}

/** A person waits for this. */
const LONGEST = 20_000;
