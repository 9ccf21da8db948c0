import { createColors } from "picocolors";
import { UsageError } from "../core/errors.ts";
import { type DemoNetwork, startDemoNetwork } from "../demo/network.ts";
import { findClients, runSteps, type StepReport } from "../demo/run-steps.ts";
import type { CommandCall } from "./command.ts";
import { type Colors, nameOf, Table } from "./demo-table.ts";
import { demoJson, invitation, liveLine, picture, summary } from "./demo-text.ts";

/** `sallyport demo`: the embedded network, the real proxy, real clients, and what happened at each hop. */
export async function run(call: CommandCall): Promise<number> {
  const json = call.options.json === true;
  const port = readPort(call.options.port);
  const stays = call.options.stay === true || (process.stdin.isTTY === true && !json);
  const colors = createColors(wantsColor(call));
  const stop = new AbortController();
  const interrupt = () => stop.abort();
  for (const name of SIGNALS) process.once(name, interrupt);
  let network: DemoNetwork | undefined;
  try {
    network = await startDemoNetwork(port);
    const reports = await show(network, call, { json, colors, signal: stop.signal });
    if (stays) await stayUp(network, call, { json, colors, signal: stop.signal });
    return reports.some((one) => one.status === "failed") ? 1 : 0;
  } catch (error) {
    if (stop.signal.aborted) return INTERRUPTED;
    throw error;
  } finally {
    for (const name of SIGNALS) process.off(name, interrupt);
    await network?.stop();
  }
}

interface Showing {
  readonly json: boolean;
  readonly colors: Colors;
  readonly signal: AbortSignal;
}

async function show(
  network: DemoNetwork,
  { out, env }: CommandCall,
  { json, colors, signal }: Showing,
): Promise<StepReport[]> {
  const reports: StepReport[] = [];
  const passedOver: string[] = [];
  network.events.on("parent-state", ({ parent, up, reason }) => {
    if (!up) passedOver.push(`${nameOf(network, parent).padEnd(10)} ${reason}; passed over from then on`);
  });
  const clients = await findClients(network, env, signal);
  const table = new Table(network, colors);
  if (!json) out.write(picture(network, clients, colors) + table.head());
  for await (const report of runSteps(network, clients, env, signal)) {
    reports.push(report);
    if (!json) out.write(table.row(report));
  }
  out.write(json ? demoJson(network, reports) : summary(network, reports, passedOver, colors));
  return reports;
}

/** Until a signal. Each request is told of when it has ended; with --json, which prints one object, not. */
async function stayUp(
  network: DemoNetwork,
  { out }: CommandCall,
  { json, colors, signal }: Showing,
): Promise<void> {
  if (!json) out.write(invitation(network, colors));
  if (!json) network.events.on("request", (record) => out.write(liveLine(record, colors)));
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve());
  });
  if (!json) out.write("\nStopped; nothing is left behind.\n");
}

const SIGNALS = ["SIGINT", "SIGTERM"] as const;
/** Before the table was whole. */
const INTERRUPTED = 1;

function wantsColor({ out, env }: CommandCall): boolean {
  return (out as { isTTY?: boolean }).isTTY === true && !env.NO_COLOR;
}

function readPort(text: unknown): number {
  if (text === undefined) return 0;
  const port = Number(text);
  if (typeof text === "string" && /^\d+$/.test(text) && port <= 65535) return port;
  throw new UsageError(`--port: "${String(text)}" is not a port.`, {
    hint: "Give a number from 1 to 65535, or leave it out for a free port.",
  });
}
