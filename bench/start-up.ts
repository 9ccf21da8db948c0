/**
 * How long a person, or a service's restart, waits: `sallyport --version` to its end, and `sallyport proxy` until it
 * takes connections. Peers: Node.js doing nothing at all (the floor), and cntlm until it takes connections.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { paths } from "../test/lab/laboratory.ts";
import type { Benchmark } from "./harness/benchmark.ts";
import { median as middle } from "./harness/statistics.ts";
import { startCntlm, startSallyport } from "./harness/subjects.ts";

export const benchmark: Benchmark = {
  name: "start-up",
  title: "start-up",
  laboratory: false,
  rounds: 5,
  metrics: { ms: { label: "ms", digits: 0 } },

  async prepare(stage) {
    const program = join(paths.root, "bin/sallyport");
    const timed = async (start: () => Promise<{ end(): Promise<void> }>) => {
      const started = performance.now();
      const running = await start();
      const ms = performance.now() - started;
      await running.end();
      return { ms };
    };
    return {
      "node, nothing": async () => await several(["-e", "0"]),
      "sallyport --version": async () => await several([program, "--version"]),
      "sallyport proxy": async () => await timed(() => startSallyport(stage)),
      cntlm: async () => await timed(() => startCntlm(stage)),
    };
  },

  verdicts(median) {
    const floor = median("node, nothing", "ms");
    const version = median("sallyport --version", "ms");
    const proxy = median("sallyport proxy", "ms");
    return [
      {
        what: "`sallyport --version`, ms",
        sallyport: version.toFixed(0),
        peer: `Node.js doing nothing ${floor.toFixed(0)}`,
        target: "60 more than Node.js",
        met: version < floor + 60,
      },
      {
        what: "`sallyport proxy` until it listens, ms",
        sallyport: proxy.toFixed(0),
        peer: `cntlm ${median("cntlm", "ms").toFixed(0)}`,
        target: "under 500",
        met: proxy < 500,
      },
    ];
  },
};

/** The median of five runs. */
async function several(args: readonly string[]) {
  const times: number[] = [];
  for (let i = 0; i < 5; i++) {
    const started = performance.now();
    const child = spawn(process.execPath, args, { stdio: "ignore" });
    await new Promise((resolve) => child.on("close", resolve));
    times.push(performance.now() - started);
  }
  return { ms: middle(times) };
}
