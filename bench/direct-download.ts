/**
 * One download of 1 GiB in one tunnel that goes past the parents: client → proxy → nginx. What counts is the CPU time
 * that the proxy's process spends. Peer: cntlm with NoProxy. For scale: the same without any proxy.
 */
import type { Benchmark } from "./harness/benchmark.ts";
import { throughTunnel, withoutProxy } from "./harness/downloads.ts";
import { startCntlm, startSallyport } from "./harness/subjects.ts";

export const benchmark: Benchmark = {
  name: "direct-download",
  title: "one download of 1 GiB in one tunnel, direct",
  laboratory: true,
  rounds: 5,
  metrics: {
    cpu: { label: "CPU seconds a GiB", digits: 2 },
    speed: { label: "MB/s", digits: 0 },
  },

  async prepare(stage) {
    const sallyport = await startSallyport(stage, { noProxy: "origin.corp.test" });
    const cntlm = await startCntlm(stage, { noProxy: "origin.corp.test" });
    return {
      sallyport: () => throughTunnel(sallyport.port, sallyport),
      cntlm: () => throughTunnel(cntlm.port, cntlm),
      "no proxy": withoutProxy,
    };
  },

  verdicts(median) {
    const ours = median("sallyport", "cpu");
    const theirs = median("cntlm", "cpu");
    return [
      {
        what: "the same, direct, CPU seconds a GiB",
        sallyport: ours.toFixed(2),
        peer: `cntlm ${theirs.toFixed(2)} (${(ours / theirs).toFixed(2)} of it)`,
        target: "under 0.6",
        met: ours < 0.6,
      },
    ];
  },
};
