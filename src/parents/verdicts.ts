import type { ResponseHead } from "../http1/head.ts";
import type { Connection } from "./connection.ts";

/**
 * Proofs that were sent and have no verdict yet. The domain counts them whoever cuts them off, so they are waited for
 * although the client has gone, and for a while after the parent was taken out of use.
 */
export class Verdicts {
  readonly #connections = new Set<Connection>();
  readonly #cut = new AbortController();

  /** Ends the wait for them. */
  get cut(): AbortSignal {
    return this.#cut.signal;
  }

  async waitFor(connection: Connection, verdict: Promise<ResponseHead>): Promise<ResponseHead> {
    this.#connections.add(connection);
    try {
      return await verdict;
    } finally {
      this.#connections.delete(connection);
    }
  }

  /** A process that ends meanwhile is not kept by them. */
  endSoon(reason: Error): void {
    for (const connection of this.#connections) connection.wire.socket.unref();
    setTimeout(() => this.#cut.abort(reason), GRACE).unref();
  }
}

const GRACE = 15_000;
