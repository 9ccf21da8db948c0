import type { SallyportError } from "../core/errors.ts";
import type { Events, RequestRecord } from "../observe/events.ts";
import type { Counters } from "../parents/request.ts";

/** Gathers what becomes one line of the access log. */
export class Recorder {
  readonly counters: Counters = { roundTrips: 0, connections: 0 };
  readonly #events: Events;
  readonly #client: string;
  readonly #started = performance.now();
  #answered: number | undefined;
  method = "";
  target = "";
  via: string | undefined;
  status = 0;
  bytesUp = 0;
  bytesDown = 0;
  error: SallyportError | undefined;

  constructor(events: Events, client: string) {
    this.#events = events;
    this.#client = client;
  }

  answered(status: number): void {
    this.status = status;
    this.#answered ??= performance.now();
  }

  finish(): void {
    if (!this.#events.has("request")) return;
    const now = performance.now();
    const record: RequestRecord = {
      id: ++lastId,
      client: this.#client,
      method: this.method,
      target: this.target,
      via: this.via,
      status: this.status,
      bytesUp: this.bytesUp,
      bytesDown: this.bytesDown,
      answerMs: hundredths((this.#answered ?? now) - this.#started),
      ms: hundredths(now - this.#started),
      roundTrips: this.counters.roundTrips,
      connections: this.counters.connections,
      ...(this.error ? { error: this.error.code, reason: this.error.message } : {}),
    };
    this.#events.emit("request", record);
  }
}

let lastId = 0;

function hundredths(ms: number): number {
  return Math.round(ms * 100) / 100;
}
