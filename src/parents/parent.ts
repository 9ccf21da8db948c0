import { startHandshake } from "../auth/choose.ts";
import { parentText } from "../config/values/parent-url.ts";
import { AnswerError, NoAnswerError, NoCredentialError } from "../core/errors.ts";
import type { ResponseHead } from "../http1/head.ts";
import { dial } from "../wire/dial.ts";
import { answersAtAll, probeHead } from "./ask.ts";
import { Connection } from "./connection.ts";
import { Demand } from "./demand.ts";
import type { Permit } from "./guard.ts";
import { Health, speaksAgainstParent } from "./health.ts";
import type { ParentOptions } from "./parent-options.ts";
import { Pool } from "./pool.ts";
import type { Counters, Leg, Opened, OutboundRequest } from "./request.ts";
import { again, type Learnt, signIn } from "./sign-in.ts";
import { Verdicts } from "./verdicts.ts";

export type { Opened } from "./request.ts";

/**
 * One of the company's proxies: requests go out through it, on connections that are signed in already where there
 * are any, and it keeps such connections at hand as demand asks for them.
 */
export class Parent {
  readonly name: string;
  readonly health: Health;
  readonly #options: ParentOptions;
  readonly #learnt: Learnt;
  readonly #pool: Pool;
  readonly #demand = new Demand();
  #lastAuthority: string | undefined;
  #warming = 0;
  #warmAfter = 0;
  /** What this parent does with a TRACE for itself: learnt once. */
  #trace: "untried" | "works" | "refused";
  /** Connections in a row that forgot their sign-in: such a parent is not pooled. */
  #forgot = 0;
  /** True once it has asked for a logon: one that never did is served without, and its connections are kept. */
  #asks = false;
  readonly #closed = new AbortController();
  readonly #verdicts = new Verdicts();
  #open = 0;

  constructor(options: ParentOptions) {
    const { settings, pool } = options;
    this.#options = options;
    this.name = parentText(settings);
    const named = settings.credential?.auth;
    this.#learnt = { scheme: named === undefined || named === "auto" ? undefined : named };
    this.#trace = options.probe === "trace" ? "untried" : "refused";
    this.health = new Health(this.name, options.events, (signal) =>
      answersAtAll({
        open: (limit) => this.#dial(limit, { roundTrips: 0, connections: 0 }),
        methods: this.#trace === "refused" ? ["HEAD"] : ["TRACE", "HEAD"],
        authority: this.#lastAuthority ?? this.name,
        within: Math.min(HEALTH_TIME, options.timeouts.answer),
        signal,
      }),
    );
    this.#pool = new Pool(pool.maxIdle, pool.idle, () => this.#refill());
  }

  get idle(): number {
    return this.#pool.size;
  }

  /** Whether its credential is no longer tried. */
  get latched(): boolean {
    return this.#options.guard?.latched ?? false;
  }

  /** Connections in use by a request or a tunnel. */
  get busy(): number {
    return this.#open - this.#pool.size;
  }

  /**
   * Sends a request and reads its answer's head.
   * @throws any of the errors of a way out; the parent's health has been told already
   */
  async exchange(request: OutboundRequest): Promise<Opened> {
    this.#lastAuthority = request.authority;
    // Only a tunnel uses a connection up: the others bring theirs back.
    if (request.method === "CONNECT") this.#demand.take(performance.now());
    try {
      const opened =
        (await this.#onIdle(request)) ??
        (request.replayable || !this.#options.settings.credential ? await this.#cold(request) : undefined) ??
        (await this.#onAuthenticated(request));
      this.health.succeeded();
      return opened;
    } catch (error) {
      if (speaksAgainstParent(error, request)) this.health.failed(error.message);
      throw error;
    } finally {
      this.#refill();
    }
  }

  /** Takes a connection back after a clean exchange. */
  give(connection: Connection): void {
    const { credential } = this.#options.settings;
    const useful =
      credential === undefined || !this.#asks || connection.authenticated || this.#learnt.scheme === "basic";
    if (this.#closed.signal.aborted || !useful || this.#forgot >= FORGETFUL) connection.wire.destroy();
    else this.#pool.give(connection);
  }

  /** Closes what is idle; what is in use goes on, and a proof that was sent is waited for a while. */
  close(): void {
    const reason = new Error("the parent is no longer in use");
    this.#closed.abort(reason);
    this.#verdicts.endSoon(reason);
    this.health.close();
    this.#pool.close();
  }

  async #onIdle(request: OutboundRequest): Promise<Opened | undefined> {
    for (;;) {
      // In doubt, a proof is sent under the guard only.
      if (this.#learnt.scheme === "basic" && !this.#options.guard?.proven) return undefined;
      const connection = this.#pool.take(request.replayable ? undefined : FRESH);
      if (!connection) return undefined;
      const answersBefore = connection.answers;
      try {
        const standing = this.#standing();
        const head = await this.#send(connection, request, standing);
        if (head.status !== 407) {
          this.#forgot = 0;
          return { connection, head };
        }
        connection.wire.destroy();
        await this.#askedAgain(connection, request, standing);
      } catch (error) {
        connection.wire.destroy();
        // The parent closed it while it was idle: nothing was lost, take another one.
        const stale = error instanceof NoAnswerError && connection.answers === answersBefore;
        if (!stale || !request.replayable || request.signal.aborted) throw error;
      }
    }
  }

  /**
   * A new connection, signed in by this very request.
   * @returns undefined when the credential is in doubt: an origin's 302 or 503 would not settle that
   */
  async #cold(request: OutboundRequest): Promise<Opened | undefined> {
    if (this.#options.guard?.inDoubt) return undefined;
    return await this.#signedIn(
      request.signal,
      request.counters,
      request.method,
      (connection, authorization, signal) => this.#send(connection, request, authorization, signal),
      { settles: false },
    ).catch((error: unknown) => {
      if (error === IN_DOUBT) return undefined;
      throw error;
    });
  }

  /**
   * For requests that can be sent once only, and for credentials in doubt: the connection is signed in by a probe
   * first, which the parent answers itself.
   */
  async #onAuthenticated(request: OutboundRequest): Promise<Opened> {
    const { connection } = await this.#probed(request.signal, request.counters, undefined);
    const standing = this.#standing();
    const head = await this.#send(connection, request, standing).catch((error: unknown) => {
      connection.wire.destroy();
      throw error;
    });
    if (head.status !== 407) return { connection, head };
    connection.wire.destroy();
    await this.#askedAgain(connection, request, standing);
    const opened = request.replayable ? await this.#cold(request) : undefined;
    if (opened) return opened;
    throw new AnswerError(`${this.name} asked for a logon again in the middle of a request`);
  }

  /** A 407 to a request on a connection that should have needed none. @throws unless the request can be sent again */
  async #askedAgain(
    connection: Connection,
    request: OutboundRequest,
    standing: string | undefined,
  ): Promise<void> {
    // Basic goes with every request: this was one more refused logon, and must count as one.
    if (standing !== undefined && this.#options.guard)
      throw await this.#options.guard.refusedStanding(`The parent ${this.name}`);
    this.#asks = true;
    if (connection.authenticated) this.#forgot++;
    if (!request.replayable)
      throw new AnswerError(`${this.name} asked for a new logon in the middle of a request`, {
        hint: "Nothing was sent twice: repeat the request.",
      });
  }

  async #send(
    connection: Connection,
    request: OutboundRequest,
    authorization: string | undefined,
    signal = request.signal,
  ): Promise<ResponseHead> {
    request.counters.roundTrips++;
    if (!request.replayable) request.committed = true;
    // Head and first bytes of the body leave in one segment: a parent that answers at once must not see half of it.
    connection.wire.socket.cork();
    connection.send(
      request.head(authorization === undefined ? "" : `Proxy-Authorization: ${authorization}\r\n`),
    );
    connection.bodyInParts = request.sendBody?.(connection.wire) === false;
    connection.wire.socket.uncork();
    return await connection.answer(signal, {
      interim: request.interim,
      slow: () => this.#stillAlive(),
    });
  }

  /** Opens a connection and carries one request through the sign-in on it; on another one where that is to be repeated. */
  async #signedIn(
    signal: AbortSignal | undefined,
    counters: Counters,
    method: string,
    leg: Leg,
    { permit, settles }: { permit?: Permit | undefined; settles: boolean },
  ): Promise<Opened> {
    const { settings, guard, events } = this.#options;
    const enter = async (): Promise<Permit | undefined> => {
      const turn = await guard?.enter(signal);
      if (settles || !guard?.inDoubt) return turn;
      await turn?.abandoned();
      throw IN_DOUBT;
    };
    for (let tries = 1; ; tries++) {
      const known = this.#learnt.scheme !== undefined;
      const turn = permit ?? (known ? await enter() : undefined);
      const connection = await this.#dial(signal, counters).catch(async (error: unknown) => {
        await turn?.abandoned();
        throw error;
      });
      try {
        const head =
          guard === undefined || settings.credential === undefined
            ? await leg(connection, undefined, signal)
            : await signIn({
                connection,
                credential: settings.credential,
                permit: turn,
                enter: async () => (guard.free ? await enter() : undefined),
                learnt: this.#learnt,
                events,
                parentHost: settings.host,
                method,
                signal,
                leg: (authorization, last) =>
                  last
                    ? this.#verdicts.waitFor(connection, leg(connection, authorization, this.#verdicts.cut))
                    : leg(connection, authorization, signal),
              });
        if (head === again || connection.authenticated) this.#asks = true;
        // It let a first message pass: the next request asks without one, and needs no turn for that.
        else if (!this.#asks && this.#learnt.scheme === "ntlm") this.#learnt.scheme = undefined;
        if (head === again && tries < MOST_TRIES && permit === undefined) {
          connection.wire.destroy();
          continue;
        }
        if (head === again)
          throw new AnswerError(`${this.name} closed the connection in the middle of the logon`);
        if (head.status === 407 && settings.credential === undefined)
          throw new NoCredentialError(`${this.name} wants a logon, and no credential is configured`, {
            hint: "Give --username, --domain and --password-file, or set [identity] in sallyport.toml, or Username and a password in cntlm.conf.",
          });
        return { connection, head };
      } catch (error) {
        connection.wire.destroy();
        throw error;
      }
    }
  }

  /** A connection signed in by a request that the parent answers itself, or by a HEAD where it refuses those. */
  async #probed(
    signal: AbortSignal | undefined,
    counters: Counters,
    permit: Permit | undefined,
  ): Promise<Opened> {
    const { probe } = this.#options;
    const trace = this.#trace !== "refused";
    const method = trace ? "TRACE" : "HEAD";
    const target = probe instanceof URL && !trace ? probe : this.#lastAuthority!;
    let opened: Opened | undefined;
    try {
      opened = await this.#signedIn(
        signal,
        counters,
        method,
        async (connection, authorization, legSignal) => {
          counters.roundTrips++;
          connection.send(probeHead(method, target, "Proxy-Connection: keep-alive", authorization));
          return await connection.answer(legSignal, { slow: () => this.#stillAlive() });
        },
        { permit, settles: true },
      );
      const { connection, head } = opened;
      const clean = await connection.skipBody(head, method, signal);
      const signedIn = connection.authenticated || !this.#asks || this.#learnt.scheme !== "ntlm";
      if (clean && trace && signedIn && head.status < 400) this.#trace = "works";
      if (clean && (trace ? signedIn && head.status < 400 : signedIn || permit === undefined)) return opened;
    } catch (error) {
      if (!trace || !(error instanceof NoAnswerError) || this.#trace === "works") throw error;
      // One that closes because it goes down says nothing of TRACE.
      if (!(await this.health.alive())) throw error;
    }
    // Learnt once: this parent has no answer for TRACE, or none that needs a logon.
    opened?.connection.wire.destroy();
    if (!trace)
      throw new AnswerError(`${this.name} closed the connection after the logon, or asked for none`);
    this.#trace = "refused";
    if (permit !== undefined) throw new AnswerError(`${this.name} refuses TRACE`);
    return await this.#probed(signal, counters, undefined);
  }

  async #dial(signal: AbortSignal | undefined, counters: Counters): Promise<Connection> {
    const { settings, timeouts, limits } = this.#options;
    counters.connections++;
    const wire = await dial({
      host: settings.host,
      port: settings.port,
      name: `the parent ${this.name}`,
      timeout: timeouts.connect,
      signal,
    });
    this.#open++;
    wire.whenClosed(() => this.#open--);
    return new Connection(wire, this.name, {
      headBytes: limits.headBytes,
      headFields: limits.headFields,
      answer: timeouts.answer,
      response: timeouts.response,
    });
  }

  /** The header that every request carries, where the scheme signs in requests and not connections. */
  #standing(): string | undefined {
    const { credential, host } = this.#options.settings;
    if (this.#learnt.scheme !== "basic" || credential === undefined) return undefined;
    return startHandshake("basic", credential, { parentHost: host }).next(undefined);
  }

  /** Signs in spare connections in the background, as many as demand asks for. */
  #refill(): void {
    const { pool, guard, probe } = this.#options;
    const now = performance.now();
    if (this.#closed.signal.aborted || !this.health.up || !guard?.proven || now < this.#warmAfter) return;
    if (this.#learnt.scheme !== "ntlm" || this.#forgot >= FORGETFUL) return;
    if (this.#trace === "refused" && !(probe instanceof URL)) return;
    let missing = this.#demand.wanted(now, Math.ceil(pool.maxIdle / 2)) - this.#pool.size - this.#warming;
    for (; missing > 0 && this.#warming < MOST_WARMING; missing--) {
      const permit = guard.tryEnter();
      if (!permit) return;
      this.#warming++;
      void this.#warm(permit);
    }
  }

  async #warm(permit: Permit): Promise<void> {
    try {
      const { connection } = await this.#probed(undefined, { roundTrips: 0, connections: 0 }, permit);
      this.give(connection);
    } catch (error) {
      this.#warmAfter = performance.now() + WARM_AGAIN;
      this.#options.events.emit("debug", {
        message: "a spare connection could not be signed in",
        detail: { parent: this.name, reason: (error as Error).message },
      });
    } finally {
      await permit.abandoned();
      this.#warming--;
      this.#refill();
    }
  }

  /** Asked when an answer is slow: the origin may be, or the parent hangs. */
  async #stillAlive(): Promise<boolean> {
    const alive = await this.health.alive();
    if (!alive) this.health.failed(`${this.name} accepts connections and does not answer`);
    return alive;
  }
}

/** Requests that cannot be repeated take an idle connection only if it was used within so many milliseconds. */
const FRESH = 2000;
const FORGETFUL = 2;
/** Connections for one sign-in: the parent may close the first one, and others may be before it at the second. */
const MOST_TRIES = 3;
const MOST_WARMING = 4;
const WARM_AGAIN = 5000;
const HEALTH_TIME = 3000;
/** Thrown to a request whose answer would not settle the doubt about the credential. */
const IN_DOUBT = Symbol("in doubt");
