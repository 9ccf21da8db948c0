import type { IdleWatch } from "./idle.ts";
import type { Wire, WireReader } from "./wire.ts";

export interface TunnelEnd {
  /** Bytes from `a` to `b`, and back. */
  readonly up: number;
  readonly down: number;
  /** What broke it; undefined when both sides ended cleanly. */
  readonly error: Error | undefined;
}

/**
 * Joins two wires until both directions have ended. Each side's end is passed on alone (half-close), each side's
 * break is passed on as a break, and a slow reader slows the sender down.
 *
 * @param idle ends the tunnel when neither side has sent for its limit
 * @param signal ends it at once
 */
export function tunnel(a: Wire, b: Wire, idle: IdleWatch, signal: AbortSignal): Promise<TunnelEnd> {
  return new Promise((resolve) => {
    const before = { up: a.socket.bytesRead, down: b.socket.bytesRead };
    let open = 2;
    let broken: Error | undefined;
    const closed = (one: Wire, other: Wire, error: Error | undefined) => {
      broken ??= error;
      // Closed without an end: the other side must not take what it got for the whole.
      if (!one.ended || error) other.reset();
      if (--open > 0) return;
      stopWatch();
      signal.removeEventListener("abort", abort);
      resolve({ up: a.socket.bytesRead - before.up, down: b.socket.bytesRead - before.down, error: broken });
    };
    const abort = () => {
      broken ??= new Error("the tunnel was ended");
      a.reset();
      b.reset();
    };
    const stopWatch = idle.watch({
      bytes: () => a.socket.bytesRead + b.socket.bytesRead,
      expire: abort,
    });
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort);
    a.read(new Pump(a, b));
    b.read(new Pump(b, a));
    a.whenClosed((error) => closed(a, b, error));
    b.whenClosed((error) => closed(b, a, error));
  });
}

/** Passes one direction on. One object a direction and no closure a chunk: this is the hot path. */
class Pump implements WireReader {
  readonly #from: Wire;
  readonly #to: Wire;
  readonly #written: () => void;

  constructor(from: Wire, to: Wire) {
    this.#from = from;
    this.#to = to;
    this.#written = () => {
      if (from.held && (to.closed || to.socket.writableLength === 0)) from.release();
    };
  }

  data(bytes: Buffer): number {
    const { socket } = this.#to;
    socket.write(bytes, this.#written);
    // Zero means the kernel has every byte, and the read buffer may be used again.
    if (socket.writableLength !== 0) this.#from.hold();
    return bytes.length;
  }

  end(): void {
    this.#to.end();
  }
}
