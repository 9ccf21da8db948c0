import { lookup as systemLookup } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import type { LimitSettings, TimeoutSettings } from "../config/settings.ts";
import { LoopError, NoAnswerError } from "../core/errors.ts";
import type { Target } from "../http1/target.ts";
import { Connection } from "../parents/connection.ts";
import type { Opened } from "../parents/parent.ts";
import { Pool } from "../parents/pool.ts";
import type { Counters, OutboundRequest } from "../parents/request.ts";
import { dial } from "../wire/dial.ts";
import type { Wire } from "../wire/wire.ts";
import type { Gate } from "./gate.ts";

/** What goes direct: connections to origins, judged by the address that they really go to, and kept for the next request. */
export class Origins {
  readonly #options: OriginOptions;
  readonly #pools = new Map<string, Pool>();
  #closed = false;

  constructor(options: OriginOptions) {
    this.#options = options;
  }

  /**
   * Opens a connection to a target. Its name is resolved first, and every address judged, so that a name cannot lead
   * a container to this host's loopback or to the cloud's metadata.
   * @throws TargetDeniedError, LoopError, ResolveError, ConnectError, ConnectTimeoutError
   */
  async dial(target: Target, isHost: boolean, signal: AbortSignal, counters: Counters): Promise<Wire> {
    if (isIP(target.host)) {
      const refused = this.#judge(target.host, target, isHost);
      if (refused) throw refused;
    }
    counters.connections++;
    return await dial({
      host: target.host,
      port: target.port,
      name: target.authority,
      timeout: this.#options.timeouts.originConnect,
      signal,
      lookup: this.#judgingLookup(target, isHost),
    });
  }

  /** Sends a request to its origin and reads the answer's head. */
  async exchange(request: OutboundRequest, target: Target, isHost: boolean): Promise<Opened> {
    const pool = this.#pools.get(keyOf(target, isHost));
    for (;;) {
      const kept = pool?.take(request.replayable ? undefined : FRESH);
      if (!kept) break;
      const answersBefore = kept.answers;
      try {
        return { connection: kept, head: await send(kept, request) };
      } catch (error) {
        kept.wire.destroy();
        const stale = error instanceof NoAnswerError && kept.answers === answersBefore;
        if (!stale || !request.replayable || request.signal.aborted) throw error;
      }
    }
    const wire = await this.dial(target, isHost, request.signal, request.counters);
    const { limits, timeouts } = this.#options;
    const connection = new Connection(wire, target.authority, {
      headBytes: limits.headBytes,
      headFields: limits.headFields,
      answer: timeouts.answer,
      response: timeouts.response,
    });
    try {
      return { connection, head: await send(connection, request) };
    } catch (error) {
      wire.destroy();
      throw error;
    }
  }

  /** Takes a connection back after a clean exchange. */
  give(connection: Connection, target: Target, isHost: boolean): void {
    const key = keyOf(target, isHost);
    let pool = this.#pools.get(key);
    if (!pool) {
      if (this.#closed || this.#pools.size >= MOST_ORIGINS) {
        connection.wire.destroy();
        return;
      }
      const made = new Pool(MOST_IDLE, this.#options.idle, () => {
        if (made.size === 0 && this.#pools.get(key) === made) this.#pools.delete(key);
      });
      pool = made;
      this.#pools.set(key, pool);
    }
    pool.give(connection);
  }

  /** Closes what is idle; what is in use goes on, and is not kept afterwards. */
  close(): void {
    this.#closed = true;
    for (const pool of this.#pools.values()) pool.close();
    this.#pools.clear();
  }

  #judge(address: string, target: Target, isHost: boolean): Error | undefined {
    if (this.#options.isOwnListener(address, target.port))
      return new LoopError(`${target.authority} is this proxy itself`, {
        hint: "Set this address as the proxy of the program, not as the server it calls.",
      });
    return this.#options.gate.refuseTarget(isHost, address, target);
  }

  #judgingLookup(target: Target, isHost: boolean): LookupFunction {
    return (name, options, done) => {
      systemLookup(name, { ...options, all: true }, (error, addresses) => {
        if (error) return done(error, "", 0);
        const judged = addresses.map((one) => ({ one, refused: this.#judge(one.address, target, isHost) }));
        const fit = judged.filter(({ refused }) => refused === undefined).map(({ one }) => one);
        // A name with one forbidden address is refused whole: it may be an attempt to slip through.
        const refused = judged.find((each) => each.refused)?.refused;
        if (refused || fit.length === 0) return done(refused ?? new Error("no address"), "", 0);
        if (options.all) return done(null, fit);
        done(null, fit[0]!.address, fit[0]!.family);
      });
    };
  }
}

export interface OriginOptions {
  readonly timeouts: TimeoutSettings;
  readonly limits: LimitSettings;
  /** Milliseconds that an idle connection is kept. */
  readonly idle: number;
  readonly gate: Gate;
  readonly isOwnListener: (address: string, port: number) => boolean;
}

const FRESH = 2000;
const MOST_IDLE = 8;
const MOST_ORIGINS = 256;

function keyOf(target: Target, isHost: boolean): string {
  return `${target.host}:${target.port}:${isHost}`;
}

async function send(connection: Connection, request: OutboundRequest) {
  request.counters.roundTrips++;
  if (!request.replayable) request.committed = true;
  connection.wire.socket.cork();
  connection.send(request.head(""));
  connection.bodyInParts = request.sendBody?.(connection.wire) === false;
  connection.wire.socket.uncork();
  return await connection.answer(request.signal, { interim: request.interim });
}
