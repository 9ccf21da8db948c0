/**
 * How many spare connections the last fifty seconds' demand asks for. Pure: the clock is an argument.
 *
 * What has to be at hand is what comes at once, faster than a spare can be made: the most connections taken within two
 * neighbouring tenths of a second. After fifty seconds without demand one is kept, after ten minutes none: at rest a parent
 * sees no logons at all.
 */
export class Demand {
  readonly #counts = new Uint16Array(SLOTS);
  #slot = 0;
  #last = Number.NEGATIVE_INFINITY;

  /** One connection was taken. @param now milliseconds of a clock that never goes back */
  take(now: number): void {
    this.#advance(now);
    const at = this.#slot % SLOTS;
    this.#counts[at] = Math.min(60_000, this.#counts[at]! + 1);
    this.#last = now;
  }

  /** @returns how many spare connections to keep, `most` at the most */
  wanted(now: number, most: number): number {
    if (now - this.#last > KEEP_ONE) return 0;
    this.#advance(now);
    let peak = 1;
    for (let i = 0; i < SLOTS; i++) {
      // The newest slot and the oldest are neighbours in the ring, not in time.
      const joined = i === (this.#slot + 1) % SLOTS ? 0 : this.#counts[(i + SLOTS - 1) % SLOTS]!;
      peak = Math.max(peak, this.#counts[i]! + joined);
    }
    return Math.min(peak, most);
  }

  #advance(now: number): void {
    const slot = Math.floor(now / SLOT);
    if (slot <= this.#slot) return;
    if (slot - this.#slot >= SLOTS) this.#counts.fill(0);
    else for (let i = this.#slot + 1; i <= slot; i++) this.#counts[i % SLOTS] = 0;
    this.#slot = slot;
  }
}

const SLOT = 100;
/** Fifty seconds: less than a spare connection lives, so that a burst is not prepared for twice. */
const SLOTS = 500;
const KEEP_ONE = 600_000;
