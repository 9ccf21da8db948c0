import type { Connection } from "./connection.ts";

/**
 * The idle, authenticated connections to one parent under one identity. The one used last is taken first, so that the
 * others may grow old and go. A connection is here only after a clean exchange, and is watched: a byte or an end that
 * nobody asked for throws it away.
 */
export class Pool {
  readonly #idle: Connection[] = [];
  readonly #unwatch = new Map<Connection, () => void>();
  readonly #most: number;
  #oldest: number;
  #timer: NodeJS.Timeout | undefined;
  readonly #changed: () => void;

  /**
   * @param most idle connections
   * @param oldest milliseconds a connection may be idle; shortened when the parent is seen to close earlier
   * @param changed is called when an idle connection has gone
   */
  constructor(most: number, oldest: number, changed: () => void) {
    this.#most = most;
    this.#oldest = oldest;
    this.#changed = changed;
  }

  get size(): number {
    return this.#idle.length;
  }

  /**
   * Takes the connection that was used last.
   * @param freshFor only one used within so many milliseconds: for requests that cannot be sent twice
   */
  take(freshFor = Number.POSITIVE_INFINITY): Connection | undefined {
    for (;;) {
      const connection = freshFor === Number.POSITIVE_INFINITY ? this.#idle.at(-1) : this.#settled(freshFor);
      if (!connection) return undefined;
      this.#remove(connection);
      if (!connection.wire.closed && !connection.wire.ended && !connection.wire.hasRest) return connection;
      connection.wire.destroy();
    }
  }

  /** The one used last that is neither old nor so young that its end may still be on its way. */
  #settled(freshFor: number): Connection | undefined {
    const now = performance.now();
    return this.#idle.findLast((one) => {
      const age = now - one.usedAt;
      return age <= freshFor && (!one.bodyInParts || age >= SETTLING);
    });
  }

  /** Keeps a connection for the next request; closes it when there are enough. */
  give(connection: Connection): void {
    if (this.#idle.length >= this.#most || connection.wire.closed || connection.wire.hasRest) {
      connection.wire.destroy();
      return;
    }
    connection.usedAt = performance.now();
    this.#idle.push(connection);
    const lost = () => {
      this.#learnFrom(connection);
      this.#remove(connection);
      connection.wire.destroy();
      this.#changed();
    };
    this.#unwatch.set(connection, connection.wire.whenClosed(lost));
    connection.wire.read({
      data: (bytes) => {
        lost();
        return bytes.length;
      },
      end: lost,
    });
    this.#timer ??= setInterval(() => this.expire(), LOOK).unref();
  }

  /** Closes what has been idle for too long. */
  expire(now = performance.now()): void {
    const old = this.#idle.filter((one) => now - one.usedAt > this.#oldest);
    for (const connection of old) {
      this.#remove(connection);
      connection.wire.destroy();
    }
    if (old.length > 0) this.#changed();
    if (this.#idle.length > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  close(): void {
    for (const connection of [...this.#idle]) {
      this.#remove(connection);
      connection.wire.destroy();
    }
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** A parent that closes idle connections after n seconds is left before that from now on. */
  #learnFrom(connection: Connection): void {
    const age = performance.now() - connection.usedAt;
    if (age > SHORTEST && age * 0.8 < this.#oldest) this.#oldest = age * 0.8;
  }

  #remove(connection: Connection): void {
    const at = this.#idle.lastIndexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
    this.#unwatch.get(connection)?.();
    this.#unwatch.delete(connection);
    connection.wire.unread();
  }
}

const LOOK = 1000;
/**
 * A server that answers a body without reading it often closes the connection just after (seen with Squid). What can
 * be sent once only must not run into that.
 */
const SETTLING = 50;
const SHORTEST = 2000;
