import { AnswerError } from "../core/errors.ts";
import { endToEnd, firstValue, valuesOf, writeFields } from "../http1/fields.ts";
import { responseFraming } from "../http1/framing.ts";
import type { RequestHead, ResponseHead } from "../http1/head.ts";
import type { Opened } from "../parents/parent.ts";
import { relayBody } from "../wire/relay-body.ts";
import type { ClientConnection, ProxyContext } from "./context.ts";
import type { Recorder } from "./recorder.ts";

/** What an answer leaves behind. */
export interface Relayed {
  /** Whether the client's connection, and the one to the parent or origin, can carry another message. */
  readonly client: boolean;
  readonly upstream: boolean;
}

/**
 * Passes an answer on to the client as it comes.
 * @param wanted.keepClient whether the client wants to go on
 * @param wanted.bodySent whether the request's body has gone out whole; without that both connections end
 * @throws AnswerError when the framing is ambiguous and nothing was sent to the client yet
 */
export async function relayAnswer(
  connection: ClientConnection,
  request: RequestHead,
  opened: Opened,
  context: ProxyContext,
  recorder: Recorder,
  wanted: { readonly keepClient: boolean; readonly bodySent: boolean },
): Promise<Relayed> {
  const { head } = opened;
  const framing = responseFraming(head, request.method);
  // HTTP/1.0 does not know chunked coding: the coding is taken off, and the end of the connection is the end.
  const plain = framing.kind === "chunked" && request.minor === 0;
  const keep =
    wanted.keepClient && wanted.bodySent && framing.kind !== "close" && !plain && !context.draining();
  recorder.answered(head.status);
  const writtenBefore = connection.wire.socket.bytesWritten;
  const { wire } = opened.connection;
  const unwatch = context.idle.watch({
    bytes: () => wire.socket.bytesRead + connection.wire.socket.bytesWritten,
    // A clean end would look like half-close to the next hop, which may go on waiting.
    expire: () => wire.reset(),
  });
  const end = await relayBody(wire, connection.wire, {
    framing,
    head: answerHead(head, request, { keep, plain }),
    plain,
    signal: connection.gone,
  });
  unwatch();
  recorder.bytesDown = connection.wire.socket.bytesWritten - writtenBefore;
  if (end.kind === "whole") return { client: keep, upstream: framing.kind !== "close" };
  if (end.kind === "source") {
    recorder.error = new AnswerError(`The answer from ${opened.connection.name} broke off`, {
      cause: end.error,
    });
    // The client must not take a part for the whole: its connection breaks as well.
    connection.wire.reset();
  } else if (end.kind === "stopped") connection.wire.reset();
  return { client: false, upstream: false };
}

function answerHead(
  head: ResponseHead,
  request: RequestHead,
  how: { readonly keep: boolean; readonly plain: boolean },
): string {
  const fields = endToEnd(head.fields).filter((field) => !(how.plain && field.lower === "transfer-encoding"));
  return `HTTP/1.1 ${head.status} ${head.reason}\r\n${writeFields(fields)}${connectionFields(request, how.keep)}\r\n`;
}

/** Old clients look at Proxy-Connection, and HTTP/1.0 ones want to be told that the connection stays. */
function connectionFields(request: RequestHead, keep: boolean): string {
  if (!keep) return "Connection: close\r\nProxy-Connection: close\r\n";
  const asks = firstValue(request.fields, "proxy-connection") !== undefined;
  if (request.minor === 1 && !asks) return "";
  return `Connection: keep-alive\r\n${asks || valuesOf(request.fields, "connection").length > 0 ? "Proxy-Connection: keep-alive\r\n" : ""}`;
}
