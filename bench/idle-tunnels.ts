/**
 * 5,000 tunnels that do nothing, as a CI host's builds hold them: how many of them still pass a line afterwards, and
 * what one costs in resident memory beyond the empty process. client → proxy → Squid (open) → a server of our own.
 * Peer: cntlm with the same tunnels; its own memory is small, and 509 of them work.
 *
 * Opened eight at a time, so that cntlm's queue of five does not lose them. The memory is read when all are open and
 * nothing has moved for three seconds, before a line goes through each; a line that is not back after 15 seconds is
 * lost. The proxy may open as many descriptors as it wants (hard limit).
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Benchmark, Stage } from "./harness/benchmark.ts";
import { echoes, openTunnel, startEcho, type Tunnel } from "./harness/connect.ts";
import { type RunningProxy, squidOpen, startCntlm, startSallyport } from "./harness/subjects.ts";

export const benchmark: Benchmark = {
  name: "idle-tunnels",
  title: "5,000 idle tunnels",
  laboratory: true,
  rounds: 3,
  metrics: {
    opened: { label: "opened", digits: 0 },
    working: { label: "working", digits: 0 },
    each: { label: "KiB each", digits: 1 },
    empty: { label: "empty process MiB", digits: 1 },
    after: { label: "MiB after all closed", digits: 1 },
  },

  async prepare(stage) {
    const echo = await startEcho(stage);
    const options = { parents: [squidOpen], signIn: false };
    return {
      sallyport: async () => await hold(await startSallyport(stage, options), echo, stage),
      cntlm: async () => await hold(await startCntlm(stage, options), echo, stage),
    };
  },

  verdicts(median) {
    const [opened, working, each] = ["opened", "working", "each"].map((one) => median("sallyport", one));
    return [
      {
        what: "5,000 idle tunnels: how many work, KiB each",
        sallyport: `${working} of ${opened}, ${each!.toFixed(1)} KiB`,
        peer: `cntlm ${median("cntlm", "working")}, ${median("cntlm", "each").toFixed(1)} KiB`,
        target: "all, under 45 KiB",
        met: working === opened && opened! > 0 && each! < 45,
      },
    ];
  },
};

async function hold(proxy: RunningProxy, target: string, stage: Stage) {
  const count = stage.quick ? 1000 : 5000;
  // One tunnel first: what every process does once is not a tunnel's.
  (await openTunnel(proxy.port, target)).socket.destroy();
  await delay(1000);
  const empty = proxy.process.resident();
  const tunnels: Tunnel[] = [];
  let left = count;
  const opener = async () => {
    while (left-- > 0) tunnels.push(await openTunnel(proxy.port, target, { limit: 20_000 }));
  };
  await Promise.all(Array.from({ length: 8 }, opener));
  await delay(3000);
  const full = proxy.process.resident();
  const open = tunnels.filter((one) => one.status === 200);
  const working = await Promise.all(open.map(({ socket }) => echoes(socket, 15_000)));
  for (const { socket } of tunnels) socket.destroy();
  await delay(3000);
  const after = proxy.process.resident();
  await proxy.end();
  return {
    opened: open.length,
    working: working.filter(Boolean).length,
    each: (full - empty) / count,
    empty: empty / 1024,
    after: after / 1024,
  };
}
