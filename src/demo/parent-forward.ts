import { AnswerError, BadRequestError, NoAnswerError } from "../core/errors.ts";
import { endToEnd, writeFields } from "../http1/fields.ts";
import { type Framing, keepsAlive, responseFraming } from "../http1/framing.ts";
import { parseResponseHead, type RequestHead, type ResponseHead } from "../http1/head.ts";
import { parseAbsolute, parseAuthority, type Target } from "../http1/target.ts";
import { readHead } from "../wire/reading.ts";
import { relayBody } from "../wire/relay-body.ts";
import { tunnel } from "../wire/tunnel.ts";
import type { Wire } from "../wire/wire.ts";
import { connectionLines } from "./parent-answers.ts";
import type { ParentSession, Served } from "./parent-session.ts";

/** CONNECT: from the 200 on, bytes both ways until both sides have ended. */
export async function openTunnel(session: ParentSession, head: RequestHead): Promise<Served> {
  const { context, wire, gone } = session;
  const origin = await context.origins.dial(parseAuthority(head.target), gone);
  if (gone.aborted) {
    origin.destroy();
    return { status: 0, keep: false };
  }
  wire.socket.write("HTTP/1.1 200 Connection established\r\n\r\n", "latin1");
  if (context.options.halfClose === false) endTogether(wire, origin);
  context.tunnelled.add(wire);
  context.counters.tunnels++;
  await tunnel(wire, origin, context.idle, context.stopping);
  context.counters.tunnels--;
  return { status: 200, keep: false };
}

/** Any other method, with a whole URL: the request to the origin, its answer back, bodies as they come. */
export async function forwardRequest(
  session: ParentSession,
  head: RequestHead,
  framing: Framing,
): Promise<Served> {
  const target = parseAbsolute(head.target);
  if (target.scheme !== "http")
    throw new BadRequestError(`The embedded parent cannot fetch ${target.scheme}:// addresses`, {
      status: 501,
    });
  const upload = new Upload(session, framing);
  try {
    const { origin, answer } = await exchange(session, head, target, upload);
    return await passAnswer(session, head, target, origin, answer, upload.sent);
  } finally {
    upload.stop();
  }
}

/** Sends the request, on a kept connection where it can be sent again on a new one, and reads the answer's head. */
async function exchange(
  session: ParentSession,
  head: RequestHead,
  target: Target,
  upload: Upload,
): Promise<{ origin: Wire; answer: ResponseHead }> {
  for (;;) {
    const kept = upload.any || head.method === "POST" ? undefined : session.context.origins.take(target);
    const origin = kept ?? (await session.context.origins.dial(target, session.gone));
    try {
      origin.socket.write(originHead(head, target), "latin1");
      upload.start(origin);
      return { origin, answer: await finalAnswer(session, head, origin) };
    } catch (error) {
      origin.destroy();
      if (kept === undefined || !(error instanceof NoAnswerError)) throw error;
    }
  }
}

async function finalAnswer(session: ParentSession, head: RequestHead, origin: Wire): Promise<ResponseHead> {
  for (;;) {
    const text = await readHead(origin, HEAD_BYTES, ANSWER_ERRORS, { signal: session.gone });
    if (text === undefined) throw new NoAnswerError("The origin closed the connection without an answer");
    const answer = parseResponseHead(text, HEAD_FIELDS);
    if (answer.status >= 200) return answer;
    if (head.minor === 1)
      session.wire.socket.write(
        `HTTP/1.1 ${answer.status} ${answer.reason}\r\n${writeFields(answer.fields)}\r\n`,
        "latin1",
      );
  }
}

async function passAnswer(
  session: ParentSession,
  request: RequestHead,
  target: Target,
  origin: Wire,
  answer: ResponseHead,
  bodySent: boolean,
): Promise<Served> {
  const { context, wire } = session;
  const framing = responseFraming(answer, request.method);
  const plain = framing.kind === "chunked" && request.minor === 0;
  const keep = keepsAlive(request) && bodySent && framing.kind !== "close" && !plain;
  const fields = endToEnd(answer.fields).filter((one) => !(plain && one.lower === "transfer-encoding"));
  const head = `HTTP/1.1 ${answer.status} ${answer.reason}\r\n${writeFields(fields)}Via: ${VIA}\r\n${connectionLines(context.options, keep)}\r\n`;
  const end = await relayBody(origin, wire, { framing, head, plain, signal: session.gone });
  if (end.kind === "whole") {
    if (bodySent && framing.kind !== "close" && keepsAlive(answer)) context.origins.give(target, origin);
    else origin.destroy();
    return { status: answer.status, keep };
  }
  origin.destroy();
  // A part must not look like the whole.
  wire.reset();
  return { status: answer.status, keep: false };
}

/** A request's body on its way to the origin. */
class Upload {
  readonly any: boolean;
  sent: boolean;
  readonly #session: ParentSession;
  readonly #framing: Framing;
  readonly #stop = new AbortController();

  constructor(session: ParentSession, framing: Framing) {
    this.#session = session;
    this.#framing = framing;
    this.any = framing.kind !== "none" && !(framing.kind === "length" && framing.length === 0);
    this.sent = !this.any;
  }

  start(origin: Wire): void {
    if (!this.any) return;
    void relayBody(this.#session.wire, origin, { framing: this.#framing, signal: this.#stop.signal }).then(
      (end) => {
        if (end.kind === "whole") this.sent = true;
        // The origin must not take a part for the whole. Its own end is for its answer to explain.
        else if (end.kind === "source") origin.reset();
      },
    );
  }

  stop(): void {
    if (!this.sent) this.#stop.abort();
  }
}

function originHead(head: RequestHead, target: Target): string {
  const fields = endToEnd(head.fields).filter((field) => field.lower !== "host");
  return `${head.method} ${target.path} HTTP/1.1\r\nHost: ${target.authority}\r\n${writeFields(fields)}Via: ${VIA}\r\n\r\n`;
}

/** As Squid: the end of one side is the end of the tunnel. */
function endTogether(a: Wire, b: Wire): void {
  const end = () => {
    a.destroy();
    b.destroy();
  };
  a.socket.once("end", end);
  b.socket.once("end", end);
}

const VIA = "1.1 demo-parent";
const HEAD_BYTES = 128 * 1024;
const HEAD_FIELDS = 1000;
const ANSWER_ERRORS = {
  tooLong: (bytes: number) => new AnswerError(`The origin's head is longer than ${bytes} bytes`),
  bareLineFeed: () => new AnswerError("The origin's answer has a bare LF in its head"),
  cutShort: (cause: Error | undefined) =>
    new AnswerError("The origin closed the connection within the head", { cause }),
};
