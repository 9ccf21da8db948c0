import { join } from "node:path";
import type { TestContext } from "node:test";
import type {
  ParentSettings,
  PoolSettings,
  ProxySettings,
  TimeoutSettings,
} from "../../src/config/settings.ts";
import type { Credential } from "../../src/core/credential.ts";
import { CredentialGuard } from "../../src/parents/guard.ts";
import { type Opened, Parent } from "../../src/parents/parent.ts";
import { Parents } from "../../src/parents/parents.ts";
import { RefusalFile } from "../../src/parents/refusals.ts";
import type { OutboundRequest } from "../../src/parents/request.ts";
import type { Wire } from "../../src/wire/wire.ts";
import { recordingEvents, temporaryFolder } from "./identity.ts";

export interface ParentTest {
  readonly credential?: Credential;
  readonly probe?: ProxySettings["probe"];
  readonly pool?: Partial<PoolSettings>;
  readonly timeouts?: Partial<TimeoutSettings>;
  /** Where refusals are counted: the same one for what is a restart or a reload. */
  readonly folder?: string;
}

const timeouts: TimeoutSettings = {
  connect: 2000,
  originConnect: 2000,
  answer: 2000,
  response: 5000,
  head: 2000,
  keepAlive: 5000,
  idle: 5000,
  stop: 1000,
};
const limits = { headBytes: 65_536, headFields: 200, connections: 100 };
const pool: PoolSettings = { maxIdle: 8, idle: 55_000, logons: 8 };

function settingsFor(options: ParentTest) {
  return {
    timeouts: { ...timeouts, ...options.timeouts },
    limits,
    pool: { ...pool, ...options.pool },
    probe: options.probe ?? ("trace" as const),
  };
}

/** One parent on that port, with its own guard. */
export function parentAt(t: TestContext, port: number, options: ParentTest = {}) {
  const recorded = recordingEvents();
  const { credential } = options;
  const file = new RefusalFile(options.folder ?? join(temporaryFolder(t), "state"), () => {});
  const settings = settingsFor(options);
  const guard = credential && new CredentialGuard(credential, file, recorded.events, settings.pool.logons);
  const parent = new Parent({
    ...settings,
    settings: { host: "127.0.0.1", port, credential },
    guard,
    events: recorded.events,
  });
  t.after(() => parent.close());
  return { parent, guard, ...recorded };
}

/** Several parents, as a configuration lists them. */
export function parentsAt(
  t: TestContext,
  list: readonly (number | (Partial<ParentSettings> & { port: number }))[],
  options: ParentTest = {},
) {
  const recorded = recordingEvents();
  const file = new RefusalFile(join(temporaryFolder(t), "state"), () => {});
  const settings = {
    ...settingsFor(options),
    parents: list.map((one) => ({
      host: "127.0.0.1",
      credential: options.credential,
      ...(typeof one === "number" ? { port: one } : one),
    })),
  };
  const parents = new Parents(settings as unknown as ProxySettings, file, recorded.events);
  t.after(() => parents.close());
  return { parents, ...recorded };
}

export interface RequestTest extends OutboundRequest {
  /** How often a body was sent. */
  readonly bodies: () => number;
}

/** `GET http://…`, `CONNECT host:port` or, with a body, `POST http://…`. */
export function outbound(line: string, options: { body?: string; signal?: AbortSignal } = {}): RequestTest {
  const [method = "", target = ""] = line.split(" ");
  const authority = method === "CONNECT" ? target : new URL(target).host;
  const { body } = options;
  let bodies = 0;
  const length = body === undefined ? "" : `Content-Length: ${body.length}\r\n`;
  return {
    method,
    authority,
    head: (extra) => `${line} HTTP/1.1\r\nHost: ${authority}\r\n${length}${extra}\r\n`,
    replayable: method !== "POST",
    sendBody:
      body === undefined
        ? undefined
        : (to: Wire) => {
            bodies++;
            to.socket.write(body);
            return true;
          },
    interim: () => {},
    committed: false,
    signal: options.signal ?? new AbortController().signal,
    counters: { roundTrips: 0, connections: 0 },
    bodies: () => bodies,
  };
}

/** Sends a request, reads its answer over and gives the connection back: what it cost, and its status. */
export async function done(parent: Parent, request: OutboundRequest) {
  const opened = await parent.exchange(request);
  await finish(parent, request, opened);
  const { roundTrips, connections } = request.counters;
  return { status: opened.head.status, roundTrips, connections };
}

export async function finish(parent: Parent, request: OutboundRequest, { connection, head }: Opened) {
  if (request.method === "CONNECT") connection.wire.destroy();
  else if (await connection.skipBody(head, request.method, undefined)) parent.give(connection);
  else connection.wire.destroy();
}

/** Until a condition holds: looked at after every turn of the loop. */
export async function until(holds: () => boolean): Promise<void> {
  const limit = performance.now() + 10_000;
  while (!holds()) {
    if (performance.now() > limit) throw new Error(`it does not come about: ${holds}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
