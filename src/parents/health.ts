import { NoAnswerError, SallyportError } from "../core/errors.ts";
import type { Events } from "../observe/events.ts";
import type { OutboundRequest } from "./request.ts";

/**
 * Whether a parent is well. One that failed is passed over by requests at once, and asked in the background until
 * it answers again: so the first one in the list comes back by itself.
 */
export class Health {
  readonly #name: string;
  readonly #events: Events;
  readonly #ask: (signal: AbortSignal) => Promise<boolean>;
  #up = true;
  #asking: Promise<boolean> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #wait = FIRST_WAIT;
  readonly #stop = new AbortController();

  /** @param ask sends the parent something that it can answer by itself; true when any answer came */
  constructor(name: string, events: Events, ask: (signal: AbortSignal) => Promise<boolean>) {
    this.#name = name;
    this.#events = events;
    this.#ask = ask;
  }

  get up(): boolean {
    return this.#up;
  }

  /** A request failed for want of this parent. */
  failed(reason: string): void {
    if (this.#stop.signal.aborted || !this.#up) return;
    this.#up = false;
    this.#wait = FIRST_WAIT;
    this.#events.emit("parent-state", { parent: this.#name, up: false, reason });
    this.#askLater();
  }

  /** A request was answered. */
  succeeded(): void {
    if (this.#up) return;
    this.#up = true;
    clearTimeout(this.#timer);
    this.#events.emit("parent-state", { parent: this.#name, up: true, reason: "it answers again" });
  }

  /** Asks the parent now; all who ask at the same time share one question. */
  alive(): Promise<boolean> {
    this.#asking ??= this.#ask(this.#stop.signal)
      .catch(() => false)
      .finally(() => {
        this.#asking = undefined;
      });
    return this.#asking;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#stop.abort(new Error("the proxy stops"));
  }

  #askLater(): void {
    this.#timer = setTimeout(() => {
      void this.alive().then((alive) => {
        if (this.#up || this.#stop.signal.aborted) return;
        if (alive) this.succeeded();
        else this.#askLater();
      });
    }, this.#wait).unref();
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT);
  }
}

const FIRST_WAIT = 1000;
const LONGEST_WAIT = 30_000;

/** A parent that cannot be reached or breaks off is passed over; one that refuses a logon is well. */
export function speaksAgainstParent(error: unknown, request: OutboundRequest): error is SallyportError {
  if (request.signal.aborted || !(error instanceof SallyportError) || !UNREACHABLE.has(error.code))
    return false;
  // A parent passes on an origin that breaks a body off by breaking it off itself.
  return !(error instanceof NoAnswerError && request.committed && request.sendBody);
}

const UNREACHABLE = new Set(["SP_CONNECT", "SP_CONNECT_TIMEOUT", "SP_RESOLVE", "SP_NO_ANSWER"]);
