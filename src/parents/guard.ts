import { setTimeout as delay } from "node:timers/promises";
import { type Credential, credentialName } from "../core/credential.ts";
import { CredentialLatchedError, CredentialRefusedError, type SallyportError } from "../core/errors.ts";
import type { Events } from "../observe/events.ts";
import { asOf, COOLING, lostOne, outlook, PENDING_STALE } from "./cooling.ts";
import type { RefusalFile, Refusals } from "./refusals.ts";

/** The right to try one logon. Exactly one of the last four must be called; what is called after it does nothing. */
export interface Permit {
  /**
   * Called just before the proof is sent.
   * @returns true while the credential is unproven, or its last success is a while ago: then the verdict must be
   *   waited for, whoever has gone away
   * @throws when the credential has fallen into doubt meanwhile
   */
  beforeProof(): Promise<boolean>;
  accepted(): Promise<void>;
  /** @returns the error to tell */
  refused(where: string): Promise<SallyportError>;
  /** An answer came that says nothing about the credential, such as a 403. */
  unclear(): Promise<void>;
  /** Nothing was proved, or no answer came to the proof. A proof that was sent stays counted. */
  abandoned(): Promise<void>;
}

/**
 * Keeps a wrong password from locking the account at the domain (design: the lockout guard). One for each credential,
 * over all parents, schemes and the pool's warming:
 *
 * - until the credential has been accepted once, one handshake is in flight at a time;
 * - a refused one is not repeated: for 30 s everything is answered without a logon, then one more is tried;
 * - the second refusal latches, until the credential changes;
 * - a proof without a verdict may have been refused as well: it stays counted, on disk, and after two of them the
 *   next ones are ever further apart ({@link outlook});
 * - a credential whose last success is more than {@link FRESH} ago may have been changed at the domain: the next
 *   handshake goes alone, and its success lets the others follow.
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
  #acceptedAt = 0;
  #inDoubt = false;
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

  /**
   * Whether the last proof was sent and came to nothing: then the next one should go with a request whose answer is the
   * parent's own, and so a verdict.
   */
  get inDoubt(): boolean {
    return this.#inDoubt;
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

  /**
   * A turn for background work: only when the credential is proven, nobody waits, and few are at it: the last ones of
   * a burst should not share the domain controller with spare connections.
   */
  tryEnter(): Permit | undefined {
    if (!this.#proven || !this.free || this.#inFlight >= Math.max(1, this.#most / 4)) return undefined;
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
    this.#letIn();
  }

  #letIn(): void {
    while (this.#waiting.length > 0 && this.#inFlight < this.#limit()) this.#waiting.shift()!();
  }

  #limit(): number {
    return this.#proven && this.#fresh() ? this.#most : 1;
  }

  #fresh(): boolean {
    const age = Date.now() - this.#acceptedAt;
    return age >= 0 && age < FRESH;
  }

  /** Reads what is on disk: another process, or an earlier run, may have been refused. */
  async #mayTry(signal: AbortSignal | undefined): Promise<void> {
    const until = performance.now() + PENDING_STALE;
    for (;;) {
      const read = await this.#file.read(await this.#key);
      // What has come to hold only with time is written down: a wait begins once, not anew with each look.
      const seen = asOf(read, Date.now()) === read ? read : await this.#change((before) => before);
      if (!seen.pending) {
        this.#inDoubt = (seen.lost ?? 0) > 0;
        this.#judge(seen);
        return;
      }
      if (performance.now() > until) throw this.#cooling("is being tried by another process", COOLING);
      await delay(100, undefined, signal ? { signal } : {});
    }
  }

  async #change(next: (before: Refusals) => Refusals): Promise<Refusals> {
    return await this.#file.update(await this.#key, this.name, (before) => next(asOf(before, Date.now())));
  }

  /** @throws unless a logon may be tried */
  #judge(seen: Refusals): void {
    const next = outlook(seen, Date.now());
    if (next.kind === "latched") throw this.#latched();
    if (next.kind === "may try") return;
    const what = next.refused ? "was refused a moment ago" : `got no answer ${next.lost} times in a row`;
    throw this.#cooling(what, next.left);
  }

  #permit(): Permit {
    let over = false;
    let reserved = false;
    let sent: "alone" | "among others" | undefined;
    let sentAt: number | undefined;
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
    const settle = async (next: (before: Refusals, mine: boolean) => Refusals): Promise<Refusals> =>
      await this.#change((before) => next(before, before.pending && before.at === sentAt));
    /** The proof left this process and nobody knows what the domain said: it is not taken back. */
    const lose = async () => {
      this.#inDoubt = true;
      const after = await settle((before, mine) => {
        if (mine) return lostOne(before, Date.now());
        // Held for lost already; or sent by a credential that was good, beside which another process may try.
        return reserved
          ? before
          : { ...before, at: before.pending ? before.at : Date.now(), lost: (before.lost ?? 0) + 1 };
      });
      if (outlook(after, Date.now()).kind !== "may try") this.#proven = false;
    };
    return {
      beforeProof: async () => {
        if (this.#proven) {
          const alone = !this.#fresh();
          sent = alone ? "alone" : "among others";
          // The verdict comes with the origin's answer: a slow one must not keep others from signing in.
          slow ??= setTimeout(leave, alone ? VERDICT_DUE_ALONE : VERDICT_DUE).unref();
          return alone;
        }
        // Counted before it is sent: a crash in between must not give away a logon.
        let judged: SallyportError | undefined;
        await settle((before) => {
          try {
            if (before.pending) throw this.#cooling("is being tried by another process", COOLING);
            this.#judge(before);
          } catch (error) {
            judged = error as SallyportError;
            return before;
          }
          sentAt = Date.now();
          return { ...before, count: before.count + 1, at: sentAt, pending: true };
        });
        if (judged) throw judged;
        reserved = true;
        sent = "alone";
        return true;
      },
      accepted: async () => {
        if (!once()) return;
        const clear = !this.#proven || reserved || this.#inDoubt;
        this.#proven = true;
        this.#acceptedAt = Date.now();
        this.#latchTold = false;
        this.#inDoubt = false;
        leave();
        this.#letIn();
        if (clear) await settle(() => ({ count: 0, at: 0, pending: false }));
      },
      refused: async (where) => {
        if (!once()) return this.#cooling("was refused a moment ago", COOLING);
        this.#proven = false;
        try {
          const after = await settle((before, mine) => ({
            count: mine ? before.count : before.count + 1,
            at: Date.now(),
            pending: false,
            // One that was held for lost is known now.
            ...lostLeft((before.lost ?? 0) - (reserved && !mine ? 1 : 0)),
          }));
          if (outlook(after, Date.now()).kind === "latched") return this.#latched();
          return new CredentialRefusedError(`${where} refused the logon of ${this.name}`, { hint: MEND });
        } finally {
          leave();
        }
      },
      unclear: async () => {
        if (!once()) return;
        try {
          // A good credential gets a 403 as well.
          if (reserved) await lose();
        } finally {
          leave();
        }
      },
      abandoned: async () => {
        if (!once()) return;
        try {
          if (sent === "alone") await lose();
          // Clients go away all the time: not counted, but the next one goes alone and its verdict is waited for.
          else if (sent === "among others") this.#acceptedAt = 0;
        } finally {
          leave();
        }
      },
    };
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
/** So long after a success the credential is held for good, and as many logons as allowed go side by side. */
const FRESH = 10_000;
/** After a proof of a credential that is good, until the next one in the queue may sign in. */
const VERDICT_DUE = 1000;
/** The same for one that goes alone: an origin that does not answer must not stop everybody. */
const VERDICT_DUE_ALONE = 5000;

function lostLeft(lost: number): Pick<Refusals, "lost"> {
  return lost > 0 ? { lost } : {};
}
