import { setMaxListeners } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { asSallyportError } from "../core/errors.ts";
import type { RequestRecord } from "../observe/events.ts";
import type { DemoNetwork } from "./network.ts";
import { findPrograms, type Program } from "./programs.ts";
import { type DemoStep, programEnvironment, steps } from "./steps.ts";

/** What one step did at each hop. */
export interface StepReport {
  readonly client: string;
  readonly version: string | undefined;
  readonly request: string;
  readonly status: "ok" | "failed" | "not installed";
  readonly result: string;
  /** The parents that its requests went through. */
  readonly via: readonly string[];
  readonly requests: number;
  /** Requests sent to parents, and TCP connections opened to them, while the client waited. */
  readonly roundTrips: number;
  readonly connections: number;
  /** Of this step's time, those of spare connections that are signed in ahead of need included. */
  readonly logons: number;
  /** The longest that a request waited for its answer; undefined when there was none. */
  readonly ms: number | undefined;
}

/** The clients of the demo, those that are not here among them. */
export async function findClients(
  network: DemoNetwork,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Program[]> {
  const programs = await findPrograms(["curl", "git"], programEnvironment(network, env), signal);
  return [...programs, { name: "Node", version: process.versions.node }];
}

/** Runs every step with the clients that are here; one whose client is missing is reported as such. */
export async function* runSteps(
  network: DemoNetwork,
  clients: readonly Program[],
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): AsyncGenerator<StepReport> {
  // One signal ends all requests of a step.
  setMaxListeners(0, signal);
  for (const step of steps) {
    signal.throwIfAborted();
    const version = clients.find((one) => one.name === step.client)?.version;
    if (version === undefined) yield notInstalled(step);
    else yield await watch(network, version, step, env, signal);
  }
}

async function watch(
  network: DemoNetwork,
  version: string,
  step: DemoStep,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<StepReport> {
  const records: RequestRecord[] = [];
  let logons = 0;
  const endings = [
    network.events.on("request", (record) => records.push(record)),
    network.events.on("logon", () => logons++),
  ];
  let outcome: Pick<StepReport, "status" | "result">;
  try {
    const context = { network, env: programEnvironment(network, env), signal };
    outcome = { status: "ok", result: await step.run(context) };
  } catch (thrown) {
    outcome = { status: "failed", result: asSallyportError(thrown).message };
  }
  // A tunnel is told of when it has ended, a moment after its client has; spare connections follow.
  await quiet(network, () => records.length + logons, signal);
  for (const end of endings) end();
  return {
    client: step.client,
    version,
    request: step.request,
    ...outcome,
    via: [...new Set(records.flatMap((record) => record.via ?? []))],
    requests: records.length,
    roundTrips: sum(records, (record) => record.roundTrips),
    connections: sum(records, (record) => record.connections),
    logons,
    ms: records.length === 0 ? undefined : Math.max(...records.map((record) => record.answerMs)),
  };
}

/** Waits until no client is connected and nothing has happened for a moment; for a short time only. */
async function quiet(network: DemoNetwork, happened: () => number, signal: AbortSignal): Promise<void> {
  let before = -1;
  for (let look = 0; look < MOST_LOOKS && !signal.aborted; look++) {
    if (network.server.gauges().openConnections === 0 && happened() === before) return;
    before = happened();
    await delay(LOOK);
  }
}

const LOOK = 40;
const MOST_LOOKS = 50;

function notInstalled(step: DemoStep): StepReport {
  const { client, request } = step;
  return {
    client,
    version: undefined,
    request,
    status: "not installed",
    result: "not installed",
    via: [],
    requests: 0,
    roundTrips: 0,
    connections: 0,
    logons: 0,
    ms: undefined,
  };
}

function sum(records: readonly RequestRecord[], of: (record: RequestRecord) => number): number {
  return records.reduce((total, record) => total + of(record), 0);
}
