import { AnswerError, AnswerTimeoutError, NoAnswerError, SallyportError } from "../core/errors.ts";
import { BodyScanner } from "../http1/body.ts";
import { keepsAlive, responseFraming } from "../http1/framing.ts";
import { parseResponseHead, type ResponseHead } from "../http1/head.ts";
import { type HeadErrors, readHead } from "../wire/reading.ts";
import type { Wire } from "../wire/wire.ts";

/** One connection to a parent (or an origin), used by one request at a time. */
export class Connection {
  readonly wire: Wire;
  /** `host:port`, for messages. */
  readonly name: string;
  readonly limits: ConnectionLimits;
  /** True once the parent has accepted a sign-in that holds for the whole connection. */
  authenticated = false;
  /** Whether the last request had a body that did not leave together with its head. */
  bodyInParts = false;
  /** Answers read so far. */
  answers = 0;
  /** When it was last of use, by performance.now(). */
  usedAt = performance.now();

  constructor(wire: Wire, name: string, limits: ConnectionLimits) {
    this.wire = wire;
    this.name = name;
    this.limits = limits;
  }

  send(head: string): void {
    this.wire.socket.write(head, "latin1");
  }

  /**
   * Reads the next final answer's head; interim ones (1xx) are handed on, 101 is final.
   * @param slow is asked when the parent has been silent for `limits.answer`: false gives it up
   * @throws AnswerError, AnswerTimeoutError, or the signal's reason
   */
  async answer(
    signal: AbortSignal | undefined,
    options: { interim?: (head: ResponseHead) => void; slow?: () => Promise<boolean> } = {},
  ): Promise<ResponseHead> {
    const stopTimers = this.#watchTime(options.slow);
    try {
      for (let interim = 0; ; interim++) {
        const text = await readHead(this.wire, this.limits.headBytes, this.#errors, { signal });
        if (text === undefined) throw this.#nothingCame();
        this.answers++;
        const head = parseResponseHead(text, this.limits.headFields);
        if (head.status >= 200 || head.status === 101) return head;
        if (interim === MOST_INTERIM)
          throw new AnswerError(`${this.name} sent more than ${MOST_INTERIM} interim answers (1xx)`);
        options.interim?.(head);
      }
    } finally {
      stopTimers();
    }
  }

  /**
   * Reads over an answer's body so that the connection can carry the next request.
   * @returns false when it cannot: the parent closes it, or the body is too long to wait for
   */
  async skipBody(head: ResponseHead, method: string, signal: AbortSignal | undefined): Promise<boolean> {
    const framing = responseFraming(head, method);
    if (framing.kind === "close" || !keepsAlive(head)) return false;
    const scanner = new BodyScanner(framing);
    let seen = 0;
    if (scanner.done) return true;
    return await new Promise<boolean>((resolve) => {
      const finish = (whole: boolean) => {
        clearTimeout(limit);
        signal?.removeEventListener("abort", abort);
        unwatch();
        this.wire.unread();
        resolve(whole);
      };
      const abort = () => finish(false);
      const limit = setTimeout(abort, SKIP_TIME);
      signal?.addEventListener("abort", abort);
      const unwatch = this.wire.whenClosed(abort);
      this.wire.read({
        data: (bytes) => {
          try {
            const used = scanner.scan(bytes);
            seen += used;
            if (scanner.done) finish(true);
            else if (seen > SKIP_BYTES) finish(false);
            return used;
          } catch {
            finish(false);
            return bytes.length;
          }
        },
        end: abort,
      });
    });
  }

  #watchTime(slow: (() => Promise<boolean>) | undefined): () => void {
    const giveUp = (after: number) =>
      this.wire.destroy(
        new AnswerTimeoutError(
          `${this.name} accepted the connection and has not answered for ${after / 1000} s`,
          {
            hint: "It may be overloaded, or not a proxy at all.",
          },
        ),
      );
    // While a body goes out the answer is not due yet.
    let sent = this.wire.socket.bytesWritten;
    const overdue = () => {
      const before = sent;
      sent = this.wire.socket.bytesWritten;
      if (sent === before) giveUp(this.limits.response);
      else last = setTimeout(overdue, this.limits.response);
    };
    let last = setTimeout(overdue, this.limits.response);
    let over = false;
    const suspect = slow
      ? setTimeout(() => {
          // A slow origin and a dead parent look the same from here: only the parent itself can tell.
          slow().then(
            (alive) => {
              if (!alive && !over) giveUp(this.limits.answer);
            },
            () => {},
          );
        }, this.limits.answer)
      : undefined;
    return () => {
      over = true;
      clearTimeout(last);
      clearTimeout(suspect);
    };
  }

  readonly #errors: HeadErrors = {
    tooLong: (bytes) =>
      new AnswerError(`${this.name} sent an answer whose head is longer than ${bytes} bytes`),
    bareLineFeed: () =>
      new AnswerError(`${this.name} sent an answer that is not valid HTTP: a line ends with a bare LF`),
    cutShort: (cause) =>
      cause instanceof SallyportError
        ? cause
        : new AnswerError(`${this.name} closed the connection within the head of its answer`, { cause }),
  };

  #nothingCame(): SallyportError {
    const cause = this.wire.error;
    if (cause instanceof SallyportError) return cause;
    return new NoAnswerError(`${this.name} closed the connection without an answer`, {
      cause,
      hint: "Its log may say why.",
    });
  }
}

export interface ConnectionLimits {
  readonly headBytes: number;
  readonly headFields: number;
  /** Milliseconds; see TimeoutSettings. */
  readonly answer: number;
  readonly response: number;
}

/** One 100 and some 103 are usual; without a limit a server could send them for ever. */
const MOST_INTERIM = 32;
const SKIP_BYTES = 1024 * 1024;
const SKIP_TIME = 10_000;
