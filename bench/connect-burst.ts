/**
 * 200 tunnels asked for at once, cold: the proxy has just started and has signed nothing in yet. What counts is the
 * slowest of them: client → proxy → Squid with NTLM → a server of our own. A tunnel that is not open after a minute
 * has failed.
 *
 * Peers: cntlm, started as freshly; and the domain's own time for 200 logons: the same handshakes by bare sockets
 * straight at the Squid, with 8, 16, 32, 64 or all of them under way at once, of which the fastest is taken.
 * One burst before the first round lets the Squid start its helper processes.
 */
import { connect } from "node:net";
import { ntlmHandshake } from "../src/auth/ntlm/handshake.ts";
import type { Credential } from "../src/core/credential.ts";
import { Secret } from "../src/core/secret.ts";
import { accounts, squidPorts } from "../test/lab/laboratory.ts";
import type { Benchmark, Stage } from "./harness/benchmark.ts";
import { openTunnel, startEcho } from "./harness/connect.ts";
import { quantile } from "./harness/statistics.ts";
import { type RunningProxy, startCntlm, startSallyport } from "./harness/subjects.ts";

export const benchmark: Benchmark = {
  name: "connect-burst",
  title: "200 CONNECTs at once, cold, through Squid with NTLM",
  laboratory: true,
  rounds: 5,
  metrics: {
    slowest: { label: "slowest ms", digits: 0 },
    p50: { label: "p50 ms", digits: 0 },
    failed: { label: "failed", digits: 0 },
    atOnce: { label: "logons at once", digits: 0 },
  },

  async prepare(stage) {
    const echo = await startEcho(stage);
    await rawLogons(echo, 100);
    return {
      sallyport: async () => await burst(await startSallyport(stage), echo, stage),
      cntlm: async () => await burst(await startCntlm(stage), echo, stage),
      "the domain": async () => await domainsOwnTime(echo, stage),
    };
  },

  verdicts(median) {
    const ours = median("sallyport", "slowest");
    const domain = median("the domain", "slowest");
    const failed = median("sallyport", "failed");
    return [
      {
        what: "200 CONNECTs at once, cold, slowest, ms",
        sallyport: `${ours.toFixed(0)}, ${failed} failed`,
        peer: `the domain ${domain.toFixed(0)} (${(ours / domain).toFixed(2)} times), cntlm ${median("cntlm", "slowest").toFixed(0)}`,
        target: "1.5 times the domain's own time, none failed",
        met: ours <= 1.5 * domain && failed === 0,
      },
    ];
  },
};

const COUNT = 200;

async function burst(proxy: RunningProxy, target: string, stage: Stage) {
  const limit = stage.quick ? 10_000 : 60_000;
  const tunnels = await Promise.all(
    Array.from({ length: COUNT }, () => openTunnel(proxy.port, target, { limit })),
  );
  for (const { socket } of tunnels) socket.destroy();
  await proxy.end();
  const times = tunnels.map((one) => one.ms);
  return {
    slowest: Math.max(...times),
    p50: quantile(times, 0.5),
    failed: tunnels.filter((one) => one.status !== 200).length,
  };
}

async function domainsOwnTime(target: string, stage: Stage) {
  let best = { slowest: Number.POSITIVE_INFINITY, p50: 0, failed: 0, atOnce: 0 };
  for (const atOnce of stage.quick ? [16, 64] : [8, 16, 32, 64, COUNT]) {
    const times = await rawLogons(target, atOnce);
    const slowest = Math.max(...times);
    if (slowest < best.slowest)
      best = { slowest, p50: quantile(times, 0.5), failed: COUNT - times.length, atOnce };
  }
  return best;
}

/** @returns milliseconds from the beginning of all to the end of each logon */
async function rawLogons(target: string, atOnce: number): Promise<number[]> {
  const started = performance.now();
  const times: number[] = [];
  let left = COUNT;
  const worker = async () => {
    while (left-- > 0) {
      if (await rawLogon(target)) times.push(performance.now() - started);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return times;
}

/** One CONNECT with NTLM's two legs. @returns whether the tunnel opened */
async function rawLogon(target: string): Promise<boolean> {
  const handshake = ntlmHandshake(credential, { parentHost: "127.0.0.1" });
  return await new Promise((resolve) => {
    const socket = connect({ port: squidPorts.ntlm, host: "127.0.0.1", noDelay: true });
    const send = (token: string) =>
      socket.write(
        `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\nProxy-Connection: keep-alive\r\nProxy-Authorization: ${token}\r\n\r\n`,
        "latin1",
      );
    let text = "";
    socket.on("error", () => {}).on("close", () => resolve(false));
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      const head = text.indexOf("\r\n\r\n");
      if (head < 0) return;
      const challenge = /^proxy-authenticate: ntlm (\S+)/im.exec(text)?.[1];
      const length = Number(/^content-length: (\d+)/im.exec(text)?.[1] ?? 0);
      if (text.startsWith("HTTP/1.1 407") && challenge !== undefined) {
        if (text.length < head + 4 + length) return;
        text = "";
        send(handshake.next(challenge));
        return;
      }
      resolve(text.startsWith("HTTP/1.1 200"));
      socket.destroy();
    });
    send(handshake.next(undefined));
  });
}

const credential: Credential = {
  username: "testuser",
  domain: "CORP",
  workstation: "",
  auth: "ntlm",
  password: new Secret(accounts.testuser),
};
