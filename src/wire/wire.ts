import type { Socket } from "node:net";
import { ReadBuffer } from "./buffers.ts";

/** What takes the bytes of a wire at the moment: the reader of a head, of a body, or the other end of a tunnel. */
export interface WireReader {
  /**
   * Bytes have come. They are valid during this call only, unless {@link Wire.hold} is called in it.
   * @returns how many were used: when fewer, the rest waits for the next reader and reading pauses
   */
  data(bytes: Buffer): number;
  /** The other side has sent its last byte (FIN); it may still read. */
  end(): void;
}

/** How a socket hands its bytes to a wire: into one reused buffer (`onread`). */
export interface OnRead {
  buffer: () => Buffer;
  callback: (bytes: number, buffer: Uint8Array) => boolean;
}

/**
 * One TCP (or Unix) connection, read by one reader at a time. It keeps both directions open until each is ended
 * (half-close), holds at most one chunk in flight (back-pressure), and tells its end exactly once.
 */
export class Wire {
  readonly socket: Socket;
  readonly #closeListeners = new Set<(error: Error | undefined) => void>();
  #reader: WireReader | undefined;
  #rest: Buffer | undefined;
  #ended = false;
  #endTold = false;
  #held = false;
  #closed = false;
  #error: Error | undefined;
  #pauseWanted = false;
  #delivering = false;
  readonly #buffer: ReadBuffer | undefined;

  /**
   * @param make is given what the socket must hand its bytes to, and makes the socket: with `onread`, or, where that
   *   cannot be, without, and then the wire listens to its 'data'
   */
  constructor(make: (onread: OnRead) => { socket: Socket; reusesBuffer: boolean }) {
    const buffer = new ReadBuffer();
    const { socket, reusesBuffer } = make({
      buffer: () => buffer.current,
      callback: (bytes, into) => this.#arrived(bytes, into as Buffer),
    });
    this.socket = socket;
    this.#buffer = reusesBuffer ? buffer : undefined;
    // The first statement for every socket: without a listener its error would end the process.
    socket.on("error", (error) => {
      this.#error ??= error;
      if (socket.destroyed) return;
      // A stream with an error on it would not tell its end.
      this.#internals._readableState.errored = null;
      this.#destroyWhenDry(error);
    });
    socket.on("end", () => {
      this.#ended = true;
      this.#tellEnd();
    });
    socket.on("close", () => this.#close());
    if (!reusesBuffer) socket.on("data", (chunk: Buffer) => this.#chunk(chunk));
  }

  get closed(): boolean {
    return this.#closed || this.socket.destroyed;
  }

  /** True when the other side has sent its last byte. */
  get ended(): boolean {
    return this.#ended;
  }

  /** True when bytes wait that no reader has taken. */
  get hasRest(): boolean {
    return this.#rest !== undefined;
  }

  get error(): Error | undefined {
    return this.#error;
  }

  /** Makes `reader` the one that takes the bytes, beginning with those that wait. */
  read(reader: WireReader): void {
    this.#reader = reader;
    this.#pauseWanted = false;
    this.#proceed();
  }

  /** Takes the reader away. Bytes that come are kept, up to a limit, so that the connection's end is still seen. */
  unread(): void {
    this.#reader = undefined;
  }

  /** No more bytes, please, until `read` is called. */
  pause(): void {
    this.#pauseWanted = true;
    this.socket.pause();
  }

  /** Within `data`: the bytes are still in use, and reading waits for {@link release}. */
  hold(): void {
    this.#held = true;
    // Sockets without a reused buffer give each chunk its own memory: pausing is enough.
    if (!this.#buffer) this.socket.pause();
  }

  /** The bytes of {@link hold} are no longer in use. */
  release(): void {
    if (!this.#held) return;
    this.#held = false;
    this.#proceed();
  }

  get held(): boolean {
    return this.#held;
  }

  /**
   * Calls back once, when both directions are over or the connection broke; at once where that has happened.
   * Returns what takes the wish back.
   */
  whenClosed(listener: (error: Error | undefined) => void): () => void {
    if (this.#closed) listener(this.#error);
    else this.#closeListeners.add(listener);
    return () => this.#closeListeners.delete(listener);
  }

  /**
   * From now on (or not any more) a failed write leaves the reading direction open: a server that refuses a body
   * answers and closes, and its answer, which has come already, must still be read (RFC 9112, 9.6). Node.js would
   * destroy the socket, answer and all. For wires that read into a reused buffer, as all do that were dialled.
   */
  surviveWriteErrors(survive: boolean): void {
    this.#internals._writableState.autoDestroy = !survive;
    this.#internals._readableState.autoDestroy = !survive;
  }

  /** Ends the sending direction after what was written. */
  end(): void {
    if (!this.closed && !this.socket.writableEnded) this.socket.end();
  }

  /** Ends both directions at once. */
  destroy(error?: Error): void {
    this.#error ??= error;
    this.socket.destroy();
  }

  /** Breaks the connection so that the other side sees that it broke (RST), not a clean end. */
  reset(): void {
    if (this.closed) return;
    const { socket } = this;
    // Unix sockets know no reset.
    if (socket.remoteFamily === undefined) socket.destroy();
    // libuv refuses a reset while a FIN is on its way out (for one turn of the loop), and Node.js would then never
    // close the socket.
    else if (socket.writableEnded && !socket.writableFinished && socket.writableLength === 0)
      socket.once("finish", () => socket.resetAndDestroy());
    else {
      // What resetAndDestroy does, without the FIN that it sends first: a body that ends with its connection would be
      // whole by that.
      this.#internals.resetAndClosing = true;
      socket.destroy();
    }
  }

  #arrived(bytes: number, into: Buffer): boolean {
    this.#chunk(into.subarray(0, bytes));
    if (!this.#held) this.#buffer?.noteRead(bytes);
    return !this.#held && !this.#pauseWanted && this.#restFits();
  }

  #chunk(chunk: Buffer): void {
    if (this.#rest !== undefined || this.#reader === undefined) {
      this.#keep(chunk);
      return;
    }
    const reader = this.#reader;
    this.#delivering = true;
    const used = reader.data(chunk);
    this.#delivering = false;
    if (used < chunk.length) this.#keep(chunk.subarray(used));
    if (this.#reader !== reader && this.#reader !== undefined) this.#proceed();
  }

  #keep(bytes: Buffer): void {
    this.#rest = this.#rest === undefined ? Buffer.from(bytes) : Buffer.concat([this.#rest, bytes]);
    if (!this.#restFits()) this.socket.pause();
  }

  #restFits(): boolean {
    return this.#rest === undefined || (this.#reader === undefined && this.#rest.length < MOST_REST);
  }

  /** Goes on with whoever reads now. Within `data` the caller of that does it, since the rest is not known yet. */
  #proceed(): void {
    if (!this.#delivering) this.#deliverRest();
    if (this.#rest === undefined && !this.#held && !this.#pauseWanted && !this.closed) this.socket.resume();
    if (!this.#delivering) this.#tellEnd();
  }

  #deliverRest(): void {
    while (this.#rest !== undefined && this.#reader !== undefined && !this.#held) {
      const reader = this.#reader;
      const rest = this.#rest;
      this.#rest = undefined;
      this.#delivering = true;
      const used = reader.data(rest);
      this.#delivering = false;
      if (used < rest.length) {
        const after = this.#rest as Buffer | undefined;
        this.#rest = after === undefined ? rest.subarray(used) : Buffer.concat([rest.subarray(used), after]);
      }
      if (this.#reader === reader && used === 0) return;
    }
  }

  get #internals(): Internals {
    return this.socket as unknown as Internals;
  }

  /** After a write error that was survived: all that will ever come is here already. */
  #destroyWhenDry(error: Error): void {
    let before = -1;
    const timer = setInterval(() => {
      const { bytesRead } = this.socket;
      if (this.socket.destroyed || (bytesRead === before && !this.#held)) {
        clearInterval(timer);
        this.socket.destroy(error);
      }
      before = bytesRead;
    }, DRY);
  }

  #tellEnd(): void {
    if (!this.#ended || this.#endTold || this.#reader === undefined || this.#rest !== undefined || this.#held)
      return;
    this.#endTold = true;
    this.#reader.end();
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#held) this.#buffer?.forget();
    else this.#buffer?.release();
    for (const listener of [...this.#closeListeners]) listener(this.#error);
    this.#closeListeners.clear();
  }
}

/** What has no public name in the streams of Node.js. */
interface Internals {
  readonly _readableState: { autoDestroy: boolean; errored: Error | null };
  readonly _writableState: { autoDestroy: boolean };
  resetAndClosing: boolean;
}

/** Bytes kept for a reader that is not there yet, such as pipelined requests. */
const MOST_REST = 64 * 1024;

/** Milliseconds without a byte. */
const DRY = 100;
