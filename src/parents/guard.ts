import { setTimeout as delay } from "node:timers/promises";
import { type Credential, credentialName } from "../core/credential.ts";
import { CredentialLatchedError, CredentialRefusedError, type SallyportError } from "../core/errors.ts";
import type { Events } from "../observe/events.ts";
import type { RefusalFile, Refusals } from "./refusals.ts";

/** The right to try one logon. Exactly one of the last four must be called; what is called after it does nothing. */
export interface Permit {
  /**
   * Called just before the proof is sent.
   * @returns true while the credential is unproven: then the verdict must be waited for, whoever has gone away
   * @throws when the credential has fallen into doubt meanwhile
   */
  beforeProof(): Promise<boolean>;
  accepted(): Promise<void>;
  /** @returns the error to tell */
  refused(where: string): Promise<SallyportError>;
  /** An answer came that says nothing about the credential, such as a 403. */
  unclear(): Promise<void>;
  /** Nothing was proved, or no answer came to the proof. */
  abandoned(): Promise<void>;
}

/**
 * Keeps a wrong password from locking the account at the domain (design: the lockout guard). One for each credential,
 * over all parents, schemes and the pool's warming:
 *
 * - until the credential has been accepted once, one handshake is in flight at a time;
 * - a refused one is not repeated: for {@link COOLING} everything is answered without a logon, then one more is tried;
 * - the second refusal latches, until the credential changes;
 * - a proof that gets no answer at all may have been refused as well: after {@link LOST_FREE} of them in a row the
 *   next ones are {@link COOLING} and more apart.
 */
export class CredentialGuard {
  readonly name: string;
  readonly #file: RefusalFile;
  readonly #key: Promise<string>;
  readonly #events: Events;
  readonly #most: number;
  #proven = false;
  #inFlight = 0;
  #latchTold = false;
  /** Proofs in a row without an answer, and until when no further one is sent. */
  #lost = 0;
  #lostUntil = 0;
  readonly #waiting: (() => void)[] = [];

  /** @param most logons in flight at once when the credential is proven: spares the domain controller */
  constructor(credential: Credential, file: RefusalFile, events: Events, most: number) {
    this.name = credentialName(credential);
    this.#file = file;
    this.#events = events;
    this.#most = most;
    this.#key = file.keyOf(credential);
    this.#key.catch(() => {});
  }

  get proven(): boolean {
    return this.#proven;
  }

  /** True when no logon is tried any more. */
  get latched(): boolean {
    return this.#latchTold;
  }

  /** Whether a turn can be had without waiting. */
  get free(): boolean {
    return this.#waiting.length === 0 && this.#inFlight < this.#limit();
  }

  /**
   * Waits for a turn.
   * @throws CredentialRefusedError, CredentialLatchedError, or the signal's reason
   */
  async enter(signal: AbortSignal | undefined): Promise<Permit> {
    await this.#turn(signal);
    try {
      if (!this.#proven) await this.#mayTry(signal);
      return this.#permit();
    } catch (error) {
      this.#leave();
      throw error;
    }
  }

  /** A turn for background work: only when the credential is proven and nobody waits. */
  tryEnter(): Permit | undefined {
    if (!this.#proven || !this.free) return undefined;
    this.#inFlight++;
    return this.#permit();
  }

  /**
   * A proof outside of a turn was refused: that of a scheme whose every request carries it (Basic).
   * @returns the error to tell
   */
  async refusedStanding(where: string): Promise<SallyportError> {
    this.#inFlight++;
    return await this.#permit().refused(where);
  }

  async #turn(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (this.#inFlight < this.#limit()) {
      this.#inFlight++;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const go = () => {
        signal?.removeEventListener("abort", giveUp);
        this.#inFlight++;
        resolve();
      };
      const giveUp = () => {
        this.#waiting.splice(this.#waiting.indexOf(go), 1);
        reject(signal?.reason);
      };
      signal?.addEventListener("abort", giveUp, { once: true });
      this.#waiting.push(go);
    });
  }

  #leave(): void {
    this.#inFlight--;
    while (this.#waiting.length > 0 && this.#inFlight < this.#limit()) this.#waiting.shift()!();
  }

  #limit(): number {
    return this.#proven ? this.#most : 1;
  }

  /** Reads what is on disk: another process, or an earlier run, may have been refused. */
  async #mayTry(signal: AbortSignal | undefined): Promise<void> {
    const key = await this.#key;
    for (;;) {
      const seen = await this.#file.read(key);
      if (seen.pending && Date.now() - seen.at < PENDING_STALE)
        await delay(100, undefined, signal ? { signal } : {});
      else {
        this.#judge(seen);
        return;
      }
    }
  }

  #judge(seen: Refusals): void {
    if (seen.count >= 2) throw this.#latched();
    const left = seen.at + COOLING - Date.now();
    if (seen.count === 1 && left > 0) throw this.#cooling("was refused a moment ago", left);
    const leftOfLost = this.#lostUntil - Date.now();
    if (leftOfLost > 0) throw this.#cooling(`got no answer ${this.#lost} times in a row`, leftOfLost);
  }

  #permit(): Permit {
    let over = false;
    let reserved = false;
    let inPlace = true;
    let slow: NodeJS.Timeout | undefined;
    const once = (): boolean => {
      if (over) return false;
      over = true;
      return true;
    };
    const leave = () => {
      clearTimeout(slow);
      if (inPlace) this.#leave();
      inPlace = false;
    };
    const settle = async (next: (before: Refusals) => Refusals): Promise<Refusals> =>
      await this.#file.update(await this.#key, this.name, next);
    const unreserve = async (lost: boolean) => {
      if (!once()) return;
      try {
        if (!reserved) return;
        if (lost) this.#noteLost();
        await settle(({ count, at }) => ({ count: count - 1, at: count > 1 ? at : 0, pending: false }));
      } finally {
        leave();
      }
    };
    return {
      beforeProof: async () => {
        if (this.#proven) {
          // The verdict comes with the origin's answer: a slow one must not keep others from signing in.
          slow ??= setTimeout(leave, VERDICT_DUE).unref();
          return false;
        }
        // Counted before it is sent: a crash in between must not give away a logon.
        let judged: SallyportError | undefined;
        await settle((before) => {
          try {
            this.#judge(before);
          } catch (error) {
            judged = error as SallyportError;
            return before;
          }
          return { count: before.count + 1, at: Date.now(), pending: true };
        });
        if (judged) throw judged;
        reserved = true;
        return true;
      },
      accepted: async () => {
        if (!once()) return;
        const first = !this.#proven;
        this.#proven = true;
        this.#latchTold = false;
        this.#lost = 0;
        leave();
        if (first || reserved) await settle(() => ({ count: 0, at: 0, pending: false }));
      },
      refused: async (where) => {
        if (!once()) return this.#cooling("was refused a moment ago", COOLING);
        this.#proven = false;
        this.#lost = 0;
        try {
          const after = await settle((before) => ({
            count: reserved ? before.count : before.count + 1,
            at: Date.now(),
            pending: false,
          }));
          if (after.count >= 2) return this.#latched();
          return new CredentialRefusedError(`${where} refused the logon of ${this.name}`, { hint: MEND });
        } finally {
          leave();
        }
      },
      unclear: () => unreserve(false),
      abandoned: () => unreserve(true),
    };
  }

  /** A parent that closes instead of answering 407 must not cost the account a logon for every request. */
  #noteLost(): void {
    this.#lost++;
    const wait = COOLING * 2 ** Math.min(10, this.#lost - LOST_FREE);
    if (this.#lost >= LOST_FREE) this.#lostUntil = Date.now() + Math.min(wait, LONGEST_COOLING);
  }

  /** @param left milliseconds */
  #cooling(what: string, left: number): SallyportError {
    return new CredentialRefusedError(
      `The logon of ${this.name} ${what}, and is not tried again for ${Math.ceil(left / 1000)} s, to keep the account from being locked`,
      { hint: MEND },
    );
  }

  #latched(): SallyportError {
    const reason = `The logon of ${this.name} was refused twice. It is not tried again, to keep the account from being locked`;
    if (!this.#latchTold) this.#events.emit("latched", { identity: this.name, reason });
    this.#latchTold = true;
    return new CredentialLatchedError(reason, {
      hint: `${MEND} A changed credential is tried at once; the same one only after \`sallyport detect --again\`.`,
    });
  }
}

const MEND =
  "Check the user name, the domain and the password in Sallyport's configuration on this host, then reload it; a systemd service that got the password as a credential must be restarted.";
/** After one refusal. A domain controller that was away for a moment refuses as well. */
const COOLING = 30_000;
const LONGEST_COOLING = 300_000;
/** One each for a parent that breaks off and for the next one that is tried in its place. */
const LOST_FREE = 2;
/** After a proof of a credential that is good, until the next one in the queue may sign in. */
const VERDICT_DUE = 1000;
/** A logon without a verdict for so long was cut off by a crash. */
const PENDING_STALE = 15_000;
