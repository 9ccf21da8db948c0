/**
 * One download of 1 GiB in one tunnel: client → proxy → Squid with NTLM → nginx. What is compared is the speed with
 * that of the same tunnel through a Squid alone (the open one, without sign-in), so that what is seen is the price of
 * the proxy before it. Peer: cntlm in front of the same Squid. The client is the one written in C, which throws the
 * bytes away in the kernel. All share the machine's processors, as they do on a CI host.
 */
import { squidPorts } from "../test/lab/laboratory.ts";
import type { Benchmark } from "./harness/benchmark.ts";
import { throughTunnel } from "./harness/downloads.ts";
import { startCntlm, startSallyport } from "./harness/subjects.ts";

export const benchmark: Benchmark = {
  name: "one-download",
  title: "one download of 1 GiB in one tunnel, through Squid with NTLM",
  laboratory: true,
  rounds: 9,
  metrics: {
    speed: { label: "MB/s", digits: 0 },
    cpu: { label: "CPU seconds a GiB", digits: 2 },
  },

  async prepare(stage) {
    const sallyport = await startSallyport(stage);
    const cntlm = await startCntlm(stage);
    return {
      sallyport: () => throughTunnel(sallyport.port, sallyport),
      "Squid alone": () => throughTunnel(squidPorts.open),
      cntlm: () => throughTunnel(cntlm.port, cntlm),
    };
  },

  verdicts(median) {
    const alone = median("Squid alone", "speed");
    const share = (subject: string) => median(subject, "speed") / alone;
    return [
      {
        what: "one download in one tunnel, of the speed of Squid alone",
        sallyport: `${share("sallyport").toFixed(2)} (${median("sallyport", "speed").toFixed(0)} MB/s)`,
        peer: `cntlm ${share("cntlm").toFixed(2)} (${median("cntlm", "speed").toFixed(0)} MB/s)`,
        target: "0.95 of Squid alone",
        met: share("sallyport") >= 0.95,
      },
    ];
  },
};
