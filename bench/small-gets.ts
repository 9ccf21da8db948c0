/**
 * Small answers to 16 clients that keep their connections: wrk → proxy → Squid with NTLM → nginx, 64 bytes of body.
 * Peer: cntlm in front of the same Squid. Floor of what there is to win: wrk straight at the Squid without sign-in.
 */

import { squidPorts } from "../test/lab/laboratory.ts";
import type { Benchmark } from "./harness/benchmark.ts";
import { startCntlm, startSallyport } from "./harness/subjects.ts";
import { wrk } from "./harness/wrk.ts";

export const benchmark: Benchmark = {
  name: "small-gets",
  title: "small GETs, 16 keep-alive clients, through Squid with NTLM",
  laboratory: true,
  rounds: 5,
  metrics: {
    rps: { label: "requests/s", digits: 0 },
    p50: { label: "p50 ms", digits: 2 },
    p99: { label: "p99 ms", digits: 2 },
    faults: { label: "faults a thousand", digits: 1 },
    cpu: { label: "CPU µs a request", digits: 0 },
  },

  async prepare(stage) {
    const seconds = stage.quick ? 2 : 6;
    const sallyport = await startSallyport(stage);
    const cntlm = await startCntlm(stage);
    const through = (proxy: typeof sallyport) => async () => {
      const before = proxy.process.cpu();
      const result = await wrk(proxy.port, URL, seconds);
      const used = proxy.process.cpu() - before;
      return { ...result, cpu: (used * 1e6) / (result.rps * seconds) };
    };
    return {
      sallyport: through(sallyport),
      cntlm: through(cntlm),
      "Squid alone, no sign-in": async () => ({ ...(await wrk(squidPorts.open, URL, seconds)) }),
    };
  },

  verdicts(median) {
    const ours = median("sallyport", "rps");
    const theirs = median("cntlm", "rps");
    return [
      {
        what: "small GETs, 16 keep-alive clients, a second",
        sallyport: ours.toFixed(0),
        peer: `${theirs.toFixed(0)} (${(ours / theirs).toFixed(1)} times)`,
        target: "15 times cntlm",
        met: ours >= 15 * theirs && median("sallyport", "faults") === 0,
      },
    ];
  },
};

const URL = "http://origin.corp.test/small";
