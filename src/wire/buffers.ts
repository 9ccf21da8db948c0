/**
 * The read buffers of wires. A wire reads into one buffer again and again (no allocation, no garbage): it starts
 * small, since most tunnels of a CI host are idle, and grows while reads come back full. Measured: one stream
 * costs half the CPU a byte with large reused buffers.
 */
export class ReadBuffer {
  #step = 0;
  #small = 0;
  #buffer: Buffer = Buffer.allocUnsafeSlow(SIZES[0]);

  get current(): Buffer {
    return this.#buffer;
  }

  /** Tells how much of the buffer the last read filled: it is swapped for a larger or smaller one when that is due. */
  noteRead(bytes: number): void {
    if (bytes === this.#buffer.length && mayGrow(this.#step)) this.#resize(this.#step + 1);
    else if (this.#step === 0 || bytes * 4 > this.#buffer.length) {
      this.#small = 0;
    } else if (++this.#small >= PATIENCE) this.#resize(this.#step - 1);
  }

  /** Gives a large buffer back to those that are busy, at the wire's end. Only when nothing refers to it any more. */
  release(): void {
    this.#spare();
    this.forget();
  }

  /** At the end of a wire whose last bytes are still being written: the buffer goes with them. */
  forget(): void {
    inUse -= sizeOf(this.#step);
    this.#step = 0;
    this.#buffer = NONE;
  }

  #resize(step: number): void {
    this.#spare();
    inUse += sizeOf(step) - sizeOf(this.#step);
    this.#step = step;
    this.#small = 0;
    this.#buffer = spares[step]!.pop() ?? Buffer.allocUnsafeSlow(SIZES[step]!);
  }

  #spare(): void {
    const spare = spares[this.#step]!;
    if (this.#step > 0 && spare.length < MOST_SPARE) spare.push(this.#buffer);
  }
}

const SIZES = [4 * 1024, 32 * 1024, 128 * 1024, 512 * 1024] as const;
/** Reads that used less than a quarter, one after the other, before the buffer shrinks. */
const PATIENCE = 16;
/**
 * Most bytes in large buffers of all wires together: a tunnel that was busy once and is silent now keeps its
 * buffer, since Node.js takes a new one only after a read. Beyond this the others stay small, and a little slower.
 */
const MOST_IN_USE = 64 * 1024 * 1024;
let inUse = 0;
/** Large buffers kept for the next one, of each size. */
const MOST_SPARE = 8;
const NONE = Buffer.alloc(0);
const spares: Buffer[][] = SIZES.map(() => []);

function mayGrow(step: number): boolean {
  return step < SIZES.length - 1 && inUse + sizeOf(step + 1) <= MOST_IN_USE;
}

/** What counts as large: the smallest size is every wire's own. */
function sizeOf(step: number): number {
  return step === 0 ? 0 : SIZES[step]!;
}
