import {
  asSallyportError,
  BadRequestError,
  ClientTimeoutError,
  type SallyportError,
} from "../core/errors.ts";
import { keepsAlive } from "../http1/framing.ts";
import { type Field, parseRequestHead, type RequestHead } from "../http1/head.ts";
import { printable } from "../http1/target.ts";
import { closeGently } from "../wire/close-gently.ts";
import { readHead } from "../wire/reading.ts";
import type { Wire } from "../wire/wire.ts";
import { admit } from "./admit.ts";
import { writeFailure } from "./answers.ts";
import { serveConnect } from "./connect.ts";
import type { ClientConnection, ProxyContext } from "./context.ts";
import { forward } from "./forward.ts";
import type { Client } from "./gate.ts";
import { Recorder } from "./recorder.ts";

/**
 * Serves one client's connection to its end: request after request, each finished before the next is read
 * (pipelined ones wait on the wire).
 *
 * @param current gives the context of the moment, so that a reload holds from the next request on
 * @param waiting is told when the client has no request running, and when it has one again
 */
export async function serveClient(
  wire: Wire,
  client: Client,
  current: () => ProxyContext,
  waiting: (waits: boolean) => void,
): Promise<void> {
  const gone = new AbortController();
  wire.whenClosed(() => gone.abort(CLIENT_GONE));
  const connection: ClientConnection = { wire, client, name: nameOf(wire, client), gone: gone.signal };
  try {
    while (!current().draining() && (await serveNext(connection, current, waiting))) {
      // The work is in the condition.
    }
  } finally {
    closeGently(wire);
  }
}

/** Made once: an error with its stack for each connection that ends would cost more than the end. */
const CLIENT_GONE = new Error("the client has gone");

/** @returns whether the connection is good for another request */
async function serveNext(
  connection: ClientConnection,
  current: () => ProxyContext,
  waiting: (waits: boolean) => void,
): Promise<boolean> {
  const { settings } = current();
  let head: RequestHead;
  try {
    waiting(true);
    const text = await nextHead(connection.wire, settings.timeouts, settings.limits.headBytes);
    waiting(false);
    if (text === undefined) return false;
    head = parseRequestHead(text, settings.limits.headFields);
  } catch (thrown) {
    return refuse(connection, current(), asSallyportError(thrown));
  }
  return await serveRequest(connection, head, current());
}

async function serveRequest(
  connection: ClientConnection,
  head: RequestHead,
  context: ProxyContext,
): Promise<boolean> {
  const recorder = new Recorder(context.events, connection.name);
  recorder.method = head.method;
  recorder.target = printable(head.target);
  try {
    const admitted = admit(connection, head, context, recorder);
    if (admitted.kind === "answered") {
      connection.wire.socket.write(admitted.answer, "latin1");
      recorder.answered(200);
      return admitted.keep;
    }
    return admitted.kind === "connect"
      ? await serveConnect(connection, admitted, context, recorder)
      : await forward(connection, admitted, context, recorder);
  } catch (thrown) {
    const error = asSallyportError(thrown);
    if (connection.gone.aborted) return false;
    recorder.error = error;
    recorder.answered(error.status);
    // Whether the body of a failed request was read is not always known: only those without one go on.
    const close =
      head.method === "CONNECT" ||
      error instanceof BadRequestError ||
      hasBody(head.fields) ||
      !keepsAlive(head);
    sendFailure(connection.wire, error, head, recorder.via, close);
    return !close;
  } finally {
    recorder.finish();
  }
}

/** A request that could not even be read: it is answered, and the connection ends. */
function refuse(connection: ClientConnection, context: ProxyContext, error: SallyportError): false {
  if (connection.gone.aborted) return false;
  const recorder = new Recorder(context.events, connection.name);
  recorder.method = "-";
  recorder.error = error;
  recorder.answered(error.status);
  sendFailure(connection.wire, error, { method: "-", fields: [] }, undefined, true);
  recorder.finish();
  return false;
}

function sendFailure(
  wire: Wire,
  error: SallyportError,
  request: { readonly method: string; readonly fields: readonly Field[] },
  via: string | undefined,
  close: boolean,
): void {
  if (wire.closed) return;
  wire.socket.write(writeFailure({ error, method: request.method, fields: request.fields, via, close }));
}

/** Waits for the next request; a client may be quiet between two of them, but not in the middle of one. */
async function nextHead(
  wire: Wire,
  timeouts: ProxyContext["settings"]["timeouts"],
  limit: number,
): Promise<string | undefined> {
  let slow: ClientTimeoutError | undefined;
  const timeUp = new AbortController();
  let timer = setTimeout(() => timeUp.abort(), timeouts.keepAlive);
  try {
    return await readHead(wire, limit, HEAD_ERRORS, {
      signal: timeUp.signal,
      started: () => {
        clearTimeout(timer);
        timer = setTimeout(() => {
          slow = new ClientTimeoutError(
            `The request's head was not complete after ${timeouts.head / 1000} s`,
          );
          timeUp.abort(slow);
        }, timeouts.head);
      },
    });
  } catch (error) {
    // Quiet for long enough between two requests: a clean end, without an answer to nothing.
    if (timeUp.signal.aborted && slow === undefined) return undefined;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

const HEAD_ERRORS = {
  tooLong: (bytes: number) =>
    new BadRequestError(`The request's head is longer than ${bytes} bytes`, { status: 431 }),
  bareLineFeed: () =>
    new BadRequestError("The request is not valid HTTP: a line of the head ends with a bare LF"),
  cutShort: (cause: Error | undefined) =>
    new BadRequestError("The connection ended within the head of a request", { cause }),
};

function hasBody(fields: readonly Field[]): boolean {
  return fields.some(
    (field) =>
      field.lower === "transfer-encoding" || (field.lower === "content-length" && field.value !== "0"),
  );
}

function nameOf(wire: Wire, client: Client): string {
  if (client.kind === "unix") return "unix";
  const { remoteAddress = "gone", remotePort } = wire.socket;
  const address = remoteAddress.replace(/^::ffff:/, "");
  return address.includes(":") ? `[${address}]:${remotePort}` : `${address}:${remotePort}`;
}
