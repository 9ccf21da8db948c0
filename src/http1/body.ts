import type { Framing } from "./framing.ts";

/** What is wrong with a body's framing: the caller knows whether to blame the client or the server. */
export class BodyFault extends Error {}

/**
 * Follows a body through chunks of bytes without copying: it only finds where the body ends, and refuses
 * chunked coding that two readers could see differently (RFC 9112, 7.1).
 */
export class BodyScanner {
  readonly framing: Framing;
  #done: boolean;
  #left: number;
  #state: State = SIZE;
  #digits = 0;
  #overhead = 0;
  #trailer = "";

  constructor(framing: Framing) {
    this.framing = framing;
    this.#left = framing.kind === "length" ? framing.length : 0;
    this.#done = framing.kind === "none" || (framing.kind === "length" && framing.length === 0);
  }

  /** True when the last byte of the body has been seen. Never true for a body that the connection's end ends. */
  get done(): boolean {
    return this.#done;
  }

  /**
   * Looks at the next bytes.
   * @param data is told which ranges are the body's own bytes, for a reader that takes the chunked coding off
   * @returns how many of the bytes belong to the body, its coding included
   * @throws BodyFault
   */
  scan(bytes: Buffer, data?: (from: number, to: number) => void): number {
    if (this.#done) return 0;
    if (this.framing.kind === "chunked") return this.#scanChunked(bytes, data);
    const used = this.framing.kind === "close" ? bytes.length : Math.min(bytes.length, this.#left);
    if (this.framing.kind === "length") this.#left -= used;
    if (this.framing.kind === "length" && this.#left === 0) this.#done = true;
    if (used > 0) data?.(0, used);
    return used;
  }

  #scanChunked(bytes: Buffer, data?: (from: number, to: number) => void): number {
    let at = 0;
    while (at < bytes.length && !this.#done) {
      if (this.#state === DATA) {
        const used = Math.min(bytes.length - at, this.#left);
        data?.(at, at + used);
        at += used;
        this.#left -= used;
        if (this.#left === 0) this.#state = DATA_CR;
      } else this.#step(bytes[at++]!);
    }
    return at;
  }

  #step(byte: number): void {
    switch (this.#state) {
      case SIZE: {
        const digit = hexDigit(byte);
        if (digit >= 0) {
          if (++this.#digits > 12) throw new BodyFault("a chunk size is too large");
          this.#left = this.#left * 16 + digit;
          return;
        }
        if (this.#digits === 0) throw new BodyFault("a chunk size is not hexadecimal");
        this.#afterSize(byte);
        return;
      }
      case AFTER_SIZE:
        this.#countOverhead();
        this.#afterSize(byte);
        return;
      case EXTENSION:
        this.#countOverhead();
        if (byte === CR) this.#state = SIZE_LF;
        else if (isControl(byte)) throw new BodyFault("a chunk extension has a control character");
        return;
      case SIZE_LF:
        expect(byte, LF, "a chunk size does not end with CRLF");
        this.#digits = 0;
        this.#overhead = 0;
        this.#state = this.#left === 0 ? TRAILER_START : DATA;
        return;
      case DATA: // taken whole in #scanChunked
        return;
      case DATA_CR:
        expect(byte, CR, "a chunk is longer than its size");
        this.#state = DATA_LF;
        return;
      case DATA_LF:
        expect(byte, LF, "a chunk does not end with CRLF");
        this.#state = SIZE;
        return;
      case TRAILER_START:
        if (byte === CR) {
          this.#state = END_LF;
          return;
        }
        this.#trailer = "";
        this.#state = TRAILER_NAME;
        this.#trailerName(byte);
        return;
      case TRAILER_NAME:
        if (byte === COLON && this.#trailer !== "") this.#endTrailerName();
        else this.#trailerName(byte);
        return;
      case TRAILER:
        this.#countOverhead();
        if (byte === CR) this.#state = TRAILER_LF;
        else if (isControl(byte)) throw new BodyFault("a trailer has a control character");
        return;
      case TRAILER_LF:
        expect(byte, LF, "a trailer does not end with CRLF");
        this.#state = TRAILER_START;
        return;
      case END_LF:
        expect(byte, LF, "the chunked body does not end with CRLF");
        this.#done = true;
        return;
    }
  }

  /** White space may stand before an extension, and some old servers pad their sizes with it. */
  #afterSize(byte: number): void {
    if (byte === CR) this.#state = SIZE_LF;
    else if (byte === SEMICOLON) this.#state = EXTENSION;
    else if (byte === SPACE || byte === TAB) this.#state = AFTER_SIZE;
    else throw new BodyFault("a chunk size is not hexadecimal");
  }

  #trailerName(byte: number): void {
    this.#countOverhead();
    if (!isTokenByte(byte)) throw new BodyFault("a trailer is malformed");
    if (this.#trailer.length < 20) this.#trailer += String.fromCharCode(byte);
  }

  /** Framing must not come as a trailer (RFC 9110, 6.5.1): who takes trailers for fields would read it. */
  #endTrailerName(): void {
    if (FRAMING_NAMES.has(this.#trailer.toLowerCase()))
      throw new BodyFault(`there is a ${this.#trailer} among the trailers`);
    this.#state = TRAILER;
  }

  /** What is no data is bounded, for each chunk and for the trailers: else one could send it for ever. */
  #countOverhead(): void {
    if (++this.#overhead > MOST_OVERHEAD)
      throw new BodyFault("a chunk extension or its trailers are too long");
  }
}

const SIZE = 0;
const EXTENSION = 1;
const SIZE_LF = 2;
const DATA = 3;
const DATA_CR = 4;
const DATA_LF = 5;
const TRAILER_START = 6;
const TRAILER = 7;
const TRAILER_LF = 8;
const END_LF = 9;
const AFTER_SIZE = 10;
const TRAILER_NAME = 11;
type State = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11;

const CR = 13;
const LF = 10;
const TAB = 9;
const SPACE = 32;
const COLON = 58;
const SEMICOLON = 59;
const FRAMING_NAMES = new Set(["content-length", "transfer-encoding"]);
const MOST_OVERHEAD = 64 * 1024;

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const lower = byte | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

/** RFC 9110, 5.6.2. */
function isTokenByte(byte: number): boolean {
  return TOKEN_BYTES[byte] === 1;
}

const TOKEN_BYTES = Uint8Array.from({ length: 256 }, (_, byte) =>
  /[!#$%&'*+.^_`|~0-9A-Za-z-]/.test(String.fromCharCode(byte)) ? 1 : 0,
);

function isControl(byte: number): boolean {
  return (byte < 32 && byte !== TAB) || byte === 127;
}

function expect(byte: number, wanted: number, fault: string): void {
  if (byte !== wanted) throw new BodyFault(fault);
}
