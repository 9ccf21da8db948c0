/** Something that moves bytes and is ended when it has moved none for too long. */
export interface Idler {
  /** All bytes so far, both directions. */
  bytes(): number;
  expire(): void;
}

/**
 * Ends what has been silent for a given time. One coarse timer for all, since thousands of tunnels with a timer
 * each would cost more than their bytes. An idler is ended between one and one and a quarter times its limit.
 */
export class IdleWatch {
  readonly #limit: number;
  readonly #watched = new Map<Idler, { bytes: number; quiet: number }>();
  #timer: NodeJS.Timeout | undefined;

  /** @param limit milliseconds; 0 watches nothing */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Watches until the returned function is called. */
  watch(idler: Idler): () => void {
    if (this.#limit === 0) return () => {};
    // The first look comes within one interval, as the look that sees a last byte does: it does not count.
    this.#watched.set(idler, { bytes: idler.bytes(), quiet: -1 });
    this.#timer ??= setInterval(() => this.#look(), this.#limit / LOOKS).unref();
    return () => void this.#watched.delete(idler);
  }

  #look(): void {
    // Here, and not when the last one goes: small bodies come and go by the thousand.
    if (this.#watched.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    for (const [idler, seen] of this.#watched) {
      const bytes = idler.bytes();
      if (bytes !== seen.bytes) {
        seen.bytes = bytes;
        seen.quiet = 0;
      } else if (++seen.quiet >= LOOKS) idler.expire();
    }
  }
}

const LOOKS = 4;
