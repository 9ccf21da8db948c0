/**
 * Whether memory grows with work: 100,000 tunnels and requests, half and half, through the embedded parent (NTLM,
 * in this process), and 5,000 through Squid with NTLM. Sixteen clients at once; each tunnel carries a line and is
 * closed, the requests are small GETs on connections that are kept.
 *
 * A warm-up of 25,000 of the same lets V8 compile what is hot. Then, forty times in a run, the proxy is let alone for a
 * quarter of a second, collects its garbage and says what is left. A line is fitted through that: its slope, with its
 * standard error, is what one piece of work leaves behind. Resident memory is what the system sees, freed memory that
 * the allocator keeps included.
 * Peer: cntlm's resident memory with the work through Squid.
 */
import { Agent, request } from "node:http";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { startDemoParent } from "../src/demo/parent.ts";
import { paths } from "../test/lab/laboratory.ts";
import type { Benchmark } from "./harness/benchmark.ts";
import { echoes, openTunnel, startEcho } from "./harness/connect.ts";
import { regression } from "./harness/statistics.ts";
import { type RunningProxy, startCntlm, startSallyport } from "./harness/subjects.ts";

export const benchmark: Benchmark = {
  name: "memory",
  title: "memory over 100,000 tunnels and requests",
  laboratory: true,
  rounds: 1,
  metrics: {
    done: { label: "done", digits: 0 },
    failed: { label: "failed", digits: 0 },
    heap: { label: "heap, bytes each", digits: 1 },
    heapError: { label: "±", digits: 1 },
    rss: { label: "resident, bytes each", digits: 1 },
    rssError: { label: "±", digits: 1 },
    heapEnd: { label: "heap MiB at the end", digits: 1 },
    rssWarm: { label: "resident MiB, warm", digits: 1 },
    rssEnd: { label: "at the end", digits: 1 },
  },

  async prepare(stage) {
    const parent = await startDemoParent();
    stage.after(() => parent.stop());
    const echo = await startEcho(stage);
    const probe = ["--expose-gc", "--import", join(paths.root, "bench/harness/memory-probe.mjs")];
    const embedded = { node: probe, parents: [parent.address] };
    const size = (pieces: number) => (stage.quick ? pieces / 10 : pieces);
    return {
      "sallyport, embedded parent": async () =>
        await work(await startSallyport(stage, embedded), echo, size(20_000), size(100_000)),
      "sallyport, Squid": async () =>
        await work(await startSallyport(stage, { node: probe }), echo, size(20_000), size(5000)),
      "cntlm, Squid": async () => await work(await startCntlm(stage), echo, size(1000), size(5000)),
    };
  },

  verdicts(median) {
    const verdict = (subject: string, what: string) => {
      const of = (metric: string) => median(subject, metric);
      return {
        what: `memory over ${what}: growth of the heap, bytes each`,
        sallyport: `${of("heap").toFixed(1)} ± ${of("heapError").toFixed(1)}; resident ${of("rssWarm").toFixed(0)} MiB warm, ${of("rssEnd").toFixed(0)} at the end`,
        peer: `cntlm resident ${median("cntlm, Squid", "rssWarm").toFixed(1)} and ${median("cntlm, Squid", "rssEnd").toFixed(1)} MiB`,
        target: "none (under 8 bytes, or within two standard errors)",
        // Less than one word a piece of work is the collector's noise: no object is as small.
        met: of("heap") < Math.max(8, 2 * of("heapError")) && of("failed") === 0,
      };
    };
    return [
      verdict("sallyport, embedded parent", "100,000 tunnels and requests, embedded parent"),
      verdict("sallyport, Squid", "5,000 through Squid"),
    ];
  },
};

const SAMPLES = 40;
const CLIENTS = 16;

async function work(proxy: RunningProxy, echo: string, warmUp: number, count: number) {
  const heap: [number, number][] = [];
  const rss: [number, number][] = [];
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  await pieces(proxy, echo, agent, warmUp);
  // The first full collection also drops compiled code, which comes back with the next requests.
  await look(proxy);
  await pieces(proxy, echo, agent, warmUp / 4);
  let failed = 0;
  for (let sample = 0; sample <= SAMPLES; sample++) {
    if (sample > 0) failed += await pieces(proxy, echo, agent, count / SAMPLES);
    await delay(250);
    const seen = await look(proxy);
    const at = (sample * count) / SAMPLES;
    rss.push([at, seen.rss]);
    if (seen.heap !== undefined) heap.push([at, seen.heap]);
  }
  agent.destroy();
  await proxy.end();
  const [resident, left] = [regression(rss), regression(heap)];
  return {
    done: count,
    failed,
    ...(heap.length > 0
      ? { heap: left.slope, heapError: left.error, heapEnd: heap.at(-1)![1] / 2 ** 20 }
      : {}),
    rss: resident.slope,
    rssError: resident.error,
    rssWarm: rss[0]![1] / 2 ** 20,
    rssEnd: rss.at(-1)![1] / 2 ** 20,
  };
}

/** @returns how many failed */
async function pieces(proxy: RunningProxy, echo: string, agent: Agent, count: number): Promise<number> {
  let left = count;
  let failed = 0;
  const client = async () => {
    while (left-- > 0) {
      const done = left % 2 === 0 ? await tunnel(proxy.port, echo) : await get(proxy.port, agent);
      if (!done) failed++;
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return failed;
}

/** In bytes; the heap only of a process with the probe in it. */
async function look({ process }: RunningProxy): Promise<{ rss: number; heap: number | undefined }> {
  if (!process.child.spawnargs.includes("--expose-gc"))
    return { rss: process.resident() * 1024, heap: undefined };
  process.output = "";
  process.child.kill("SIGUSR2");
  const [, rss, heap, external] = await process.says(/memory (\d+) (\d+) (\d+)\n/);
  return { rss: Number(rss), heap: Number(heap) + Number(external) };
}

async function tunnel(port: number, echo: string): Promise<boolean> {
  const { socket, status } = await openTunnel(port, echo, { limit: 20_000 });
  const works = status === 200 && (await echoes(socket, 20_000));
  socket.destroy();
  return works;
}

async function get(port: number, agent: Agent): Promise<boolean> {
  return await new Promise((resolve) => {
    const asked = request(
      { host: "127.0.0.1", port, agent, path: URL, headers: { host: "127.0.10.80" }, timeout: 20_000 },
      (answer) => {
        answer.resume().on("end", () => resolve(answer.statusCode === 200));
        answer.on("error", () => resolve(false));
      },
    );
    asked.on("error", () => resolve(false)).end();
  });
}

const URL = "http://127.0.10.80/small";
