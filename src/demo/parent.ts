import { setMaxListeners } from "node:events";
import { createServer, type Socket } from "node:net";
import { ListenError } from "../core/errors.ts";
import { Secret } from "../core/secret.ts";
import { acceptWire } from "../wire/accept.ts";
import { IdleWatch } from "../wire/idle.ts";
import type { Wire } from "../wire/wire.ts";
import type { Behaviour, DemoParentOptions, ParentCounters } from "./parent-options.ts";
import { ParentOrigins } from "./parent-origins.ts";
import { type ParentContext, serveParentClient } from "./parent-session.ts";

export interface DemoParent {
  readonly port: number;
  /** `127.0.0.1:PORT` */
  readonly address: string;
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** Live. */
  readonly counters: Readonly<ParentCounters>;
  /**
   * Changes how it treats its clients. `close` and `refuse` also close the connections that are open; a request that
   * hung goes on hanging when the parent is well again.
   */
  behave(behaviour: Behaviour): Promise<void>;
  /** Closes the connections that carry no tunnel, as a parent that restarts does. */
  dropConnections(): void;
  stop(): Promise<void>;
}

/**
 * A company's proxy in this process, on a free port of 127.0.0.1: for the demo, the tests and the benchmarks. It checks
 * the credentials that it gets, forwards to loopback only, and counts what it sees.
 * @throws ListenError
 */
export async function startDemoParent(options: DemoParentOptions = {}): Promise<DemoParent> {
  const counters = noneYet();
  const origins = new ParentOrigins(options.hosts ?? new Map());
  const wires = new Set<Wire>();
  const stopping = new AbortController();
  // One for each tunnel.
  setMaxListeners(0, stopping.signal);
  const context: ParentContext = {
    options,
    rules: {
      schemes: offered(options.auth ?? "ntlm"),
      users: options.users ?? defaultUsers(),
      domain: options.domain ?? "CORP",
      timestamp: options.timestamp ?? true,
    },
    counters,
    origins,
    idle: new IdleWatch(0),
    stopping: stopping.signal,
    behaviour: options.behaviour ?? "well",
    tunnelled: new WeakSet(),
  };
  const server = createServer(
    { allowHalfOpen: true, pauseOnConnect: true, noDelay: true },
    (socket: Socket) => {
      const wire = acceptWire(socket);
      counters.connections++;
      counters.open++;
      wires.add(wire);
      wire.whenClosed(() => {
        counters.open--;
        wires.delete(wire);
      });
      if (context.behaviour === "close") wire.destroy();
      else void serveParentClient(wire, context).catch(() => wire.destroy());
    },
  );
  const listen = (port: number) =>
    new Promise<number>((resolve, reject) => {
      const failed = (cause: Error) =>
        reject(
          new ListenError(`The embedded parent cannot listen on 127.0.0.1:${port}: ${cause.message}`, {
            cause,
          }),
        );
      server.once("error", failed).listen({ host: "127.0.0.1", port, backlog: 1024 }, () => {
        server.off("error", failed);
        resolve((server.address() as { port: number }).port);
      });
    });
  const stopListening = () =>
    new Promise<void>((resolve) => {
      if (server.listening) server.close(() => resolve());
      else resolve();
    });
  const port = await listen(0);
  if (context.behaviour === "refuse") await stopListening();

  return {
    port,
    address: `127.0.0.1:${port}`,
    url: `http://127.0.0.1:${port}`,
    counters,
    async behave(behaviour) {
      context.behaviour = behaviour;
      if (behaviour === "close" || behaviour === "refuse") for (const wire of wires) wire.destroy();
      if (behaviour === "refuse") await stopListening();
      else if (!server.listening) await listen(port);
    },
    dropConnections() {
      for (const wire of wires) if (!context.tunnelled.has(wire)) wire.destroy();
    },
    async stop() {
      stopping.abort();
      origins.close();
      const closed = stopListening();
      for (const wire of wires) wire.destroy();
      await closed;
    },
  };
}

function offered(auth: NonNullable<DemoParentOptions["auth"]>) {
  if (auth === "none") return [];
  return typeof auth === "string" ? [auth] : auth;
}

/** The account of the demo: made up, and good for nothing else. */
export function defaultUsers(): ReadonlyMap<string, Secret<string>> {
  return new Map([["testuser", new Secret("S3cret-pass")]]);
}

function noneYet(): ParentCounters {
  return {
    connections: 0,
    open: 0,
    requests: 0,
    traces: 0,
    connects: 0,
    legs: 0,
    logonsAccepted: 0,
    logonsRefused: 0,
    tunnels: 0,
  };
}
