import {
  AnswerError,
  AnswerTimeoutError,
  BadRequestError,
  ClientTimeoutError,
  SallyportError,
} from "../core/errors.ts";
import { BodyFault } from "../http1/body.ts";
import { endToEnd, firstValue, writeFields } from "../http1/fields.ts";
import { keepsAlive, requestFraming } from "../http1/framing.ts";
import type { Field, ResponseHead } from "../http1/head.ts";
import type { Opened } from "../parents/parent.ts";
import type { OutboundRequest } from "../parents/request.ts";
import type { IdleWatch } from "../wire/idle.ts";
import { type BodyEnd, relayBody } from "../wire/relay-body.ts";
import { tunnel } from "../wire/tunnel.ts";
import type { Wire } from "../wire/wire.ts";
import type { Admitted } from "./admit.ts";
import type { ClientConnection, ProxyContext } from "./context.ts";
import { outboundHead, wantsUpgrade } from "./outbound.ts";
import type { Recorder } from "./recorder.ts";
import { relayAnswer } from "./relay-answer.ts";

/**
 * Client → GET http://… → this proxy → (parent →) origin: one request and its answer, bodies streamed both ways.
 * @returns whether the client's connection is good for another request
 * @throws what kept an answer from coming; nothing was sent to the client then
 */
export async function forward(
  connection: ClientConnection,
  admitted: Extract<Admitted, { kind: "connect" | "forward" }>,
  context: ProxyContext,
  recorder: Recorder,
): Promise<boolean> {
  const { head, target, isHost } = admitted;
  const way = chooseWay(admitted, context);
  recorder.via = way.name();
  const body = new RequestBody(connection, requestFraming(head), context);
  const lines = outboundHead(head, target, way.to, context.pseudonym);
  const request: OutboundRequest = {
    method: head.method,
    authority: target.authority,
    head: (extra) => `${lines}${extra}\r\n`,
    replayable: !body.any && SAFE.has(head.method),
    sendBody: body.any ? (to) => body.send(to) : undefined,
    committed: false,
    interim: (interim) => passInterim(connection, head.minor, interim),
    signal: body.signal,
    counters: recorder.counters,
  };
  const before = connection.wire.socket.bytesRead;
  let opened: Opened | undefined;
  try {
    opened = await way.exchange(request, isHost);
    recorder.via = way.name();
    if (opened.head.status === 101 && (!wantsUpgrade(head.fields) || body.any))
      throw new AnswerError(`${opened.connection.name} changed the protocol (101), which nobody asked for`);
    if (opened.head.status === 101) return await upgrade(connection, opened, context, recorder);
    const relayed = await relayAnswer(connection, head, opened, context, recorder, {
      keepClient: keepsAlive(head),
      bodySent: body.sent,
    });
    if (relayed.upstream && body.sent && keepsAlive(opened.head)) way.give(opened);
    else opened.connection.wire.destroy();
    return relayed.client;
  } catch (error) {
    opened?.connection.wire.destroy();
    throw body.faultBehind(error);
  } finally {
    body.stop();
    recorder.bytesUp = connection.wire.socket.bytesRead - before;
  }
}

/** One way out for one request: straight to the origin, or through the parents. */
interface Way {
  readonly to: "parent" | "origin";
  name(): string;
  exchange(request: OutboundRequest, isHost: boolean): Promise<Opened>;
  give(opened: Opened): void;
}

function chooseWay(admitted: Extract<Admitted, { kind: "connect" | "forward" }>, context: ProxyContext): Way {
  const { target, isHost } = admitted;
  const scheme = target.scheme === "https" || target.scheme === "wss" ? "https" : "http";
  const route = context.route({ scheme, host: target.host, port: target.port });
  if (route.kind === "direct") {
    if (target.scheme !== "http" && target.scheme !== "ws")
      throw new BadRequestError(`This proxy cannot fetch ${target.scheme}:// addresses by itself`, {
        status: 501,
        hint: "Use CONNECT for https: every usual client does.",
      });
    return {
      to: "origin",
      name: () => "direct",
      exchange: (request) => context.origins.exchange(request, target, isHost),
      give: ({ connection }) => context.origins.give(connection, target, isHost),
    };
  }
  const parents = context.parentsOf(route);
  let used = parents.list.find((one) => one.health.up) ?? parents.list[0];
  return {
    to: "parent",
    name: () => used?.name ?? "parent",
    exchange: async (request) => {
      const opened = await parents.exchange(request);
      used = opened.parent;
      return opened;
    },
    give: ({ connection }) => used?.give(connection),
  };
}

/** A request's body on its way out: streamed once, never kept. */
class RequestBody {
  readonly any: boolean;
  /** True when there is nothing (more) to send. */
  sent: boolean;
  /** What the client did wrong in it. */
  #fault: SallyportError | undefined;
  readonly #idle: IdleWatch;
  readonly #client: ClientConnection;
  readonly #framing: ReturnType<typeof requestFraming>;
  /** Made only for requests with a body: the others end with their client alone. */
  readonly #stop: AbortController | undefined;
  readonly #follow: () => void;

  constructor(
    client: ClientConnection,
    framing: ReturnType<typeof requestFraming>,
    context: Pick<ProxyContext, "idle">,
  ) {
    this.#idle = context.idle;
    this.#client = client;
    this.#framing = framing;
    this.any = framing.kind !== "none" && !(framing.kind === "length" && framing.length === 0);
    this.sent = !this.any;
    this.#stop = this.any ? new AbortController() : undefined;
    this.#follow = () => this.#stop?.abort(client.gone.reason);
    if (this.any) client.gone.addEventListener("abort", this.#follow);
  }

  get signal(): AbortSignal {
    return this.#stop?.signal ?? this.#client.gone;
  }

  /** @returns whether all of it has been handed on already, with the head */
  send(to: Wire): boolean {
    to.surviveWriteErrors(true);
    const unwatch = this.#idle.watch({
      bytes: () => this.#client.wire.socket.bytesRead + to.socket.bytesWritten,
      expire: () => this.#fail(new ClientTimeoutError(STOPPED), to),
    });
    const whole = () => {
      this.sent = true;
    };
    void relayBody(this.#client.wire, to, { framing: this.#framing, whole, signal: this.signal }).then(
      (end) => {
        unwatch();
        this.#ended(end, to);
      },
    );
    return this.sent;
  }

  /** What to tell of an exchange that failed: an answer cannot come to a body that is not whole. */
  faultBehind(error: unknown): unknown {
    if (this.#fault) return this.#fault;
    const waited = this.any && !this.sent && error instanceof AnswerTimeoutError;
    return waited ? new ClientTimeoutError(STOPPED, { cause: error }) : error;
  }

  stop(): void {
    this.#client.gone.removeEventListener("abort", this.#follow);
    if (!this.sent) this.#stop?.abort(new Error("the request is over"));
  }

  #ended(end: BodyEnd, to: Wire): void {
    if (end.kind === "whole") to.surviveWriteErrors(false);
    // The receiver may have answered before it closed: its answer decides.
    if (end.kind !== "source") return;
    this.#fail(
      end.error instanceof BodyFault
        ? new BadRequestError(`The body of the request is not valid HTTP: ${end.error.message}`)
        : end.error,
      to,
    );
  }

  #fail(error: Error, to: Wire): void {
    if (error instanceof SallyportError) this.#fault = error;
    this.#stop?.abort(error);
    // The next hop must not take a part for the whole.
    to.reset();
  }
}

/** 100 Continue and 103 Early Hints belong to the client; HTTP/1.0 knows neither (RFC 9110, 15.2). */
function passInterim(connection: ClientConnection, minor: 0 | 1, head: ResponseHead): void {
  if (minor === 0 || connection.wire.closed) return;
  connection.wire.socket.write(
    `HTTP/1.1 ${head.status} ${head.reason}\r\n${writeFields(withoutFraming(head))}\r\n`,
    "latin1",
  );
}

/** An answer without a body has no framing either, and fields of the other connection stay there. */
function withoutFraming(head: ResponseHead): Field[] {
  return endToEnd(head.fields).filter(
    (field) => field.lower !== "content-length" && field.lower !== "transfer-encoding",
  );
}

/** WebSocket and its like: from here on bytes. */
async function upgrade(
  connection: ClientConnection,
  { connection: upstream, head }: Opened,
  context: ProxyContext,
  recorder: Recorder,
): Promise<false> {
  recorder.answered(101);
  const fields = `Connection: Upgrade\r\nUpgrade: ${firstValue(head.fields, "upgrade") ?? ""}\r\n`;
  connection.wire.socket.write(
    `HTTP/1.1 101 ${head.reason}\r\n${writeFields(withoutFraming(head))}${fields}\r\n`,
    "latin1",
  );
  const end = await tunnel(connection.wire, upstream.wire, context.idle, connection.gone);
  recorder.bytesDown = end.down;
  return false;
}

const STOPPED = "The body of the request stopped coming before its end";
/** Methods that may be sent again on another connection when the first one broke (RFC 9110, 9.2.1). */
const SAFE = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "REPORT", "SEARCH"]);
