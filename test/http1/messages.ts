import { AnswerError, BadRequestError } from "../../src/core/errors.ts";
import { BodyFault, BodyScanner } from "../../src/http1/body.ts";
import { HeadCollector } from "../../src/http1/collector.ts";
import { type Framing, keepsAlive, requestFraming } from "../../src/http1/framing.ts";
import { parseRequestHead } from "../../src/http1/head.ts";

/** One message as a server would have taken it. */
export interface Taken {
  readonly method: string;
  readonly target: string;
  readonly body: string;
}

/** The errors that these codecs document. Anything else that is thrown is a bug. */
export function isDocumented(error: unknown): boolean {
  return error instanceof BadRequestError || error instanceof AnswerError || error instanceof BodyFault;
}

export function collector(limit = 64 * 1024): HeadCollector {
  return new HeadCollector(
    limit,
    () => new BadRequestError("too long", { status: 431 }),
    () => new BadRequestError("bare LF"),
  );
}

/** Every whole message of a connection, up to the first that is refused or not complete. */
export function takeRequests(bytes: Buffer): { taken: Taken[]; refused: unknown } {
  const taken: Taken[] = [];
  let at = 0;
  try {
    while (at < bytes.length) {
      const { text, used } = collector().push(bytes.subarray(at));
      at += used;
      if (text === undefined) break;
      const head = parseRequestHead(text, 100);
      const body = takeBody(requestFraming(head), bytes.subarray(at));
      if (body === undefined) break;
      at += body.used;
      taken.push({ method: head.method, target: head.target, body: body.data });
      if (!keepsAlive(head)) break;
    }
  } catch (error) {
    if (!isDocumented(error)) throw error;
    return { taken, refused: error };
  }
  return { taken, refused: undefined };
}

/** A body read whole, undefined when it does not end in these bytes. */
export function takeBody(framing: Framing, bytes: Buffer): { used: number; data: string } | undefined {
  const scanner = new BodyScanner(framing);
  let data = "";
  const used = scanner.scan(bytes, (from, to) => {
    data += bytes.toString("latin1", from, to);
  });
  return scanner.done ? { used, data } : undefined;
}

/** Cuts bytes at the given places (modulo their length). */
export function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  const parts: Buffer[] = [];
  let from = 0;
  for (const to of [...at, bytes.length]) {
    parts.push(bytes.subarray(from, to));
    from = to;
  }
  return parts;
}
