/**
 * Gathers the bytes of one message's head out of chunks of any size, without looking at a byte twice.
 * It keeps copies only while a head is spread over several chunks.
 */
export class HeadCollector {
  readonly #limit: number;
  readonly #tooLong: (bytes: number) => Error;
  readonly #bareLineFeed: () => Error;
  #parts: Buffer[] = [];
  #length = 0;

  /** @param limit most bytes of a head, its last empty line included */
  constructor(limit: number, tooLong: (bytes: number) => Error, bareLineFeed: () => Error) {
    this.#limit = limit;
    this.#tooLong = tooLong;
    this.#bareLineFeed = bareLineFeed;
  }

  /** True when nothing of a head has come yet. */
  get empty(): boolean {
    return this.#length === 0;
  }

  /**
   * Takes the next bytes. Empty lines before the start line are passed over (RFC 9112, 2.2).
   * @returns the head's text (latin1, without its last empty line) and how many bytes of this chunk belong to it;
   *   `text` is undefined while the head is not complete, and then all bytes were taken
   * @throws what tooLong and bareLineFeed make
   */
  push(chunk: Buffer): { text: string | undefined; used: number } {
    let start = 0;
    if (this.#length === 0) {
      while (start < chunk.length && (chunk[start] === CR || chunk[start] === LF)) start++;
      if (start > MOST_LEADING) throw this.#bareLineFeed();
      if (start === chunk.length) return { text: undefined, used: start };
      const end = chunk.indexOf(END, start);
      if (end >= 0 && end + END.length - start <= this.#limit)
        return { text: chunk.toString("latin1", start, end), used: end + END.length };
    }
    return this.#append(chunk, start);
  }

  #append(chunk: Buffer, start: number): { text: string | undefined; used: number } {
    const before = this.#length;
    const fresh = start === 0 ? chunk : chunk.subarray(start);
    // The end may straddle the border of two chunks: look again at the last three bytes.
    const tail = before === 0 ? EMPTY : this.#tail(END.length - 1);
    const seam = Buffer.concat([tail, fresh]);
    const found = seam.indexOf(END);
    const used = found < 0 ? fresh.length : found + END.length - tail.length;
    if (before + used > this.#limit) throw this.#tooLong(this.#limit);
    this.#parts.push(Buffer.from(fresh.subarray(0, used)));
    this.#length += used;
    if (found < 0) {
      if (hasBareLineFeed(seam)) throw this.#bareLineFeed();
      return { text: undefined, used: start + used };
    }
    const text = Buffer.concat(this.#parts).toString("latin1", 0, this.#length - END.length);
    this.#parts = [];
    this.#length = 0;
    return { text, used: start + used };
  }

  #tail(bytes: number): Buffer {
    let tail: Buffer = EMPTY;
    for (let i = this.#parts.length - 1; i >= 0 && tail.length < bytes; i--)
      tail = Buffer.concat([this.#parts[i]!.subarray(-(bytes - tail.length)), tail]);
    return tail;
  }
}

const CR = 13;
const LF = 10;
const END = Buffer.from("\r\n\r\n");
const EMPTY = Buffer.alloc(0);
const MOST_LEADING = 16;

/** A client that ends lines with LF alone would otherwise wait for its answer until a time-out. */
function hasBareLineFeed(bytes: Buffer): boolean {
  for (let at = bytes.indexOf(LF, 1); at > 0; at = bytes.indexOf(LF, at + 1))
    if (bytes[at - 1] !== CR) return true;
  return false;
}
