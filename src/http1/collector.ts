/**
 * Gathers the bytes of one message's head out of chunks of any size, without looking at a byte twice.
 * It keeps copies only while a head is spread over several chunks.
 */
export class HeadCollector {
  readonly #limit: number;
  readonly #tooLong: (bytes: number) => Error;
  readonly #bareLineFeed: () => Error;
  #kept: Buffer = EMPTY;
  #length = 0;
  #leading = 0;

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
      this.#leading += start;
      if (this.#leading > MOST_LEADING) throw this.#bareLineFeed();
      if (start === chunk.length) return { text: undefined, used: start };
      const end = chunk.indexOf(END, start);
      if (end >= 0 && end + END.length - start <= this.#limit) {
        this.#leading = 0;
        return { text: chunk.toString("latin1", start, end), used: end + END.length };
      }
    }
    return this.#append(chunk, start);
  }

  #append(chunk: Buffer, start: number): { text: string | undefined; used: number } {
    const before = this.#length;
    // More than the limit is never kept; the end may straddle the border of two chunks.
    const taken = Math.min(chunk.length - start, this.#limit - before);
    this.#keep(chunk, start, taken);
    const kept = this.#kept.subarray(0, this.#length);
    const end = kept.indexOf(END, Math.max(0, before - END.length + 1));
    if (end < 0) {
      if (hasBareLineFeed(kept, Math.max(1, before))) throw this.#bareLineFeed();
      if (taken < chunk.length - start) throw this.#tooLong(this.#limit);
      return { text: undefined, used: start + taken };
    }
    const text = kept.toString("latin1", 0, end);
    this.#kept = EMPTY;
    this.#length = 0;
    this.#leading = 0;
    return { text, used: start + end + END.length - before };
  }

  /** Into one buffer that doubles: a head that comes byte by byte must not cost an object a byte. */
  #keep(chunk: Buffer, start: number, bytes: number): void {
    const length = this.#length + bytes;
    if (length > this.#kept.length) {
      const larger = Buffer.allocUnsafe(Math.min(this.#limit, Math.max(1024, length * 2)));
      this.#kept.copy(larger, 0, 0, this.#length);
      this.#kept = larger;
    }
    chunk.copy(this.#kept, this.#length, start, start + bytes);
    this.#length = length;
  }
}

const CR = 13;
const LF = 10;
const END = Buffer.from("\r\n\r\n");
const EMPTY = Buffer.alloc(0);
const MOST_LEADING = 16;

/** A client that ends lines with LF alone would otherwise wait for its answer until a time-out. */
function hasBareLineFeed(bytes: Buffer, from: number): boolean {
  for (let at = bytes.indexOf(LF, from); at > 0; at = bytes.indexOf(LF, at + 1))
    if (bytes[at - 1] !== CR) return true;
  return false;
}
