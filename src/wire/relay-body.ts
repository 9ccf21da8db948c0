import { type BodyFault, BodyScanner } from "../http1/body.ts";
import type { Framing } from "../http1/framing.ts";
import type { Wire } from "./wire.ts";

export interface BodyOptions {
  readonly framing: Framing;
  /** Written just before the body's first bytes, in one segment with them: the head. */
  readonly head?: string;
  /** Takes the chunked coding off, for a reader that speaks HTTP/1.0. */
  readonly plain?: boolean;
  /** Called at once when the last byte has been handed on. */
  readonly whole?: () => void;
  /** Ends the wait; what was passed on stays passed on. */
  readonly signal: AbortSignal;
}

/** How a body's passing ended. */
export type BodyEnd =
  | { readonly kind: "whole" }
  /** The sender broke off, or its framing is wrong. */
  | { readonly kind: "source"; readonly error: Error }
  /** The receiver went away. */
  | { readonly kind: "sink"; readonly error: Error }
  | { readonly kind: "stopped" };

/**
 * Passes one body from a wire to another as it is framed, and stops at its last byte. Nothing is collected: at most
 * one chunk is in flight.
 */
export function relayBody(from: Wire, to: Wire, options: BodyOptions): Promise<BodyEnd> {
  const scanner = new BodyScanner(options.framing);
  if (scanner.done) {
    if (options.head !== undefined) to.socket.write(options.head, "latin1");
    return Promise.resolve({ kind: "whole" });
  }
  return new Promise((resolve) => {
    let { head } = options;
    let over = false;
    const finish = (end: BodyEnd) => {
      if (over) return;
      over = true;
      // A body that breaks off before its first byte still has a head to show.
      if (head !== undefined && (end.kind === "source" || end.kind === "whole") && !to.closed)
        to.socket.write(head, "latin1");
      if (end.kind === "whole") options.whole?.();
      options.signal.removeEventListener("abort", stop);
      unwatchFrom();
      unwatchTo();
      from.unread();
      resolve(end);
    };
    const stop = () => finish({ kind: "stopped" });
    const cut = (error: Error | undefined) =>
      finish({ kind: "source", error: error ?? new Error("the connection ended within the body") });
    const written = () => {
      if (from.held && (to.closed || to.socket.writableLength === 0)) from.release();
    };
    const pass = (bytes: Buffer) => {
      if (head !== undefined) {
        const text = head;
        head = undefined;
        if (bytes.length <= JOIN) {
          // Small answers leave in one write: a second segment would wait for an acknowledgement on some stacks.
          to.socket.write(Buffer.concat([Buffer.from(text, "latin1"), bytes]), written);
          return;
        }
        to.socket.write(text, "latin1");
      }
      to.socket.write(bytes, written);
    };
    let unwatchFrom = () => {};
    let unwatchTo = () => {};
    if (options.signal.aborted) return stop();
    options.signal.addEventListener("abort", stop);
    from.read({
      data(bytes) {
        let used: number;
        try {
          used = options.plain
            ? scanner.scan(bytes, (start, end) => pass(bytes.subarray(start, end)))
            : scanner.scan(bytes);
        } catch (fault) {
          // Parts of this chunk may have been passed on and not be written yet.
          if (to.socket.writableLength !== 0) from.hold();
          finish({ kind: "source", error: fault as BodyFault });
          return bytes.length;
        }
        if (!options.plain && used > 0) pass(used === bytes.length ? bytes : bytes.subarray(0, used));
        if (to.socket.writableLength !== 0) from.hold();
        if (scanner.done) finish({ kind: "whole" });
        return used;
      },
      end() {
        if (options.framing.kind === "close") finish({ kind: "whole" });
        else cut(undefined);
      },
    });
    // Only now: what had come before the connection broke may have been the whole.
    if (!over) unwatchFrom = from.whenClosed(cut);
    if (!over)
      unwatchTo = to.whenClosed((error) =>
        finish({ kind: "sink", error: error ?? new Error("the receiver closed the connection") }),
      );
  });
}

/** Bodies up to this size are copied behind their head. */
const JOIN = 16 * 1024;
