/**
 * The time to open a tunnel, one after the other, 20 ms apart: client → proxy → Squid with NTLM → a server of our own.
 * Measured from the client's first packet to the head of the answer, its connection to the proxy included.
 * Peer: cntlm in front of the same Squid. Floor: the client straight at the Squid without sign-in.
 *
 * Round trips and new connections within the client's wait are read from the Squid's access log: a CONNECT line is a
 * round trip, and a CONNECT on a connection that no earlier line names has opened that connection.
 * Each process has just started when its first round begins: what its first tunnels take is told apart ("just
 * started"), then a thousand more, as quickly as they come, let V8 compile what is hot, as in a service that has been
 * up for some minutes.
 */
import { type SquidLine, squidPorts, watchSquid } from "../test/lab/laboratory.ts";
import type { Benchmark } from "./harness/benchmark.ts";
import { setUpTunnels } from "./harness/client.ts";
import { startEcho } from "./harness/connect.ts";
import { quantile } from "./harness/statistics.ts";
import { startCntlm, startSallyport } from "./harness/subjects.ts";

export const benchmark: Benchmark = {
  name: "connect-setup",
  title: "CONNECT set-up, 20 ms apart, through Squid with NTLM",
  laboratory: true,
  rounds: 5,
  metrics: {
    p50: { label: "p50 ms", digits: 2 },
    p99: { label: "p99 ms", digits: 2 },
    fresh: { label: "p50 just started", digits: 2 },
    roundTrips: { label: "round trips each", digits: 2 },
    connections: { label: "new connections each", digits: 2 },
    failed: { label: "failed", digits: 0 },
  },

  async prepare(stage) {
    const count = stage.quick ? 50 : 200;
    const through = async (port: number, squid: "ntlm" | "open") => {
      // A server for each, so that the log's lines can be told apart.
      const echo = await startEcho(stage);
      const cost = countFrom(watchSquid(squid), echo);
      const justStarted = async () => {
        const fresh = await setUpTunnels(port, echo, count, 20);
        const more = await setUpTunnels(port, echo, count * 5, 1);
        await cost(fresh.times.length + more.times.length);
        return { fresh: quantile(fresh.times, 0.5) };
      };
      return async (round: number) => {
        const started = round === 0 ? await justStarted() : {};
        const { times, failed } = await setUpTunnels(port, echo, count, 20);
        return {
          p50: quantile(times, 0.5),
          p99: quantile(times, 0.99),
          ...(await cost(times.length)),
          failed,
          ...started,
        };
      };
    };
    const sallyport = await through((await startSallyport(stage)).port, "ntlm");
    const cntlm = await through((await startCntlm(stage)).port, "ntlm");
    const alone = await through(squidPorts.open, "open");
    return { sallyport, cntlm, "Squid alone, no sign-in": alone };
  },

  verdicts(median) {
    const ours = median("sallyport", "p50");
    const theirs = median("cntlm", "p50");
    const [trips, opened] = [median("sallyport", "roundTrips"), median("sallyport", "connections")];
    return [
      {
        what: "CONNECT set-up p50, 20 ms apart, ms",
        sallyport: ours.toFixed(2),
        peer: `${theirs.toFixed(2)} (${(ours / theirs).toFixed(2)} of it)`,
        target: "under a fifth of cntlm",
        met: ours < theirs / 5 && median("sallyport", "failed") === 0,
      },
      {
        what: "round trips and new TCP connections for each",
        sallyport: `${trips.toFixed(2)} and ${opened.toFixed(2)}`,
        peer: `${median("cntlm", "roundTrips").toFixed(2)} and ${median("cntlm", "connections").toFixed(2)}`,
        target: "1 and 0",
        met: trips < 1.02 && opened < 0.02,
      },
    ];
  },
};

/**
 * Reads from the log what the tunnels to one target have cost since the last call. Squid writes a tunnel's line when
 * it ends, so that has to be waited for.
 */
function countFrom(log: ReturnType<typeof watchSquid>, target: string) {
  const seen = new Set<string>();
  const connectsTo = (line: SquidLine) => line.method === "CONNECT" && line.url === target;
  let read = 0;
  return async (tunnels: number) => {
    const opened = (line: SquidLine) => connectsTo(line) && line.status === 200;
    const lines = await log.until((all) => all.slice(read).filter(opened).length >= tunnels);
    let roundTrips = 0;
    let connections = 0;
    for (const line of lines.slice(read)) {
      if (connectsTo(line)) {
        roundTrips++;
        if (!seen.has(line.client)) connections++;
      }
      // Spare connections are signed in under the name of the last target. What others do there is not looked at.
      if (line.url.includes(target)) seen.add(line.client);
      // A tunnel ends its connection: who comes from that port next is another one.
      if (opened(line)) seen.delete(line.client);
    }
    read = lines.length;
    return { roundTrips: roundTrips / tunnels, connections: connections / tunnels };
  };
}
