/**
 * The first parent is black-holed: it answers no packet, as behind a firewall that drops. The second is the Squid
 * with NTLM. How long the first request of a fresh proxy takes, and the next one. The hole is a socket on loopback
 * whose queue is full and that nobody accepts from.
 * Peer: cntlm, which waits for the kernel's own limit (133 s): it is given 20 s, and 200 s with --full.
 */
import { connect, type Socket } from "node:net";
import type { Benchmark, Stage } from "./harness/benchmark.ts";
import { Measured } from "./harness/process.ts";
import { type RunningProxy, squidNtlm, startCntlm, startSallyport } from "./harness/subjects.ts";

export const benchmark: Benchmark = {
  name: "black-hole",
  title: "the first of two parents is black-holed",
  laboratory: true,
  rounds: 3,
  metrics: {
    first: { label: "first request ms", digits: 0 },
    next: { label: "next ms", digits: 1 },
    failed: { label: "failed", digits: 0 },
  },

  async prepare(stage) {
    const parents = [await digHole(stage), squidNtlm];
    const patience = stage.full ? 200_000 : 20_000;
    return {
      sallyport: async () => await ask(await startSallyport(stage, { parents }), patience),
      cntlm: async () => await ask(await startCntlm(stage, { parents }), patience),
      "sallyport, no black hole": async () => await ask(await startSallyport(stage), patience),
    };
  },

  verdicts(median) {
    const [first, next] = [median("sallyport", "first"), median("sallyport", "next")];
    const theirs = median("cntlm", "first");
    return [
      {
        what: "the first parent black-holed: first request and next, ms",
        sallyport: `${first.toFixed(0)} and ${next.toFixed(1)}`,
        peer: `cntlm ${median("cntlm", "failed") > 0 ? "more than " : ""}${theirs.toFixed(0)}; without a black hole the next takes ${median("sallyport, no black hole", "next").toFixed(1)}`,
        target: "under 3,000, and nothing for the next",
        met: first < 3000 && next < median("sallyport, no black hole", "next") + NOTHING,
      },
    ];
  },
};

/** Milliseconds that a person, or a build, does not see. */
const NOTHING = 10;

async function ask(proxy: RunningProxy, patience: number) {
  const first = await get(proxy.port, patience);
  const next = first.ok ? await get(proxy.port, patience) : undefined;
  await proxy.end();
  return {
    first: first.ms,
    ...(next ? { next: next.ms } : {}),
    failed: [first, next].filter((one) => one?.ok === false).length,
  };
}

async function get(port: number, patience: number): Promise<{ readonly ok: boolean; readonly ms: number }> {
  return await new Promise((resolve) => {
    const started = performance.now();
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    const done = (ok: boolean) => {
      clearTimeout(limit);
      socket.destroy();
      resolve({ ok, ms: performance.now() - started });
    };
    const limit = setTimeout(() => done(false), patience);
    socket.on("error", () => {}).on("close", () => done(false));
    socket.once("data", (chunk) => done(chunk.toString("latin1").startsWith("HTTP/1.1 200")));
    socket.write("GET http://origin.corp.test/small HTTP/1.1\r\nHost: origin.corp.test\r\n\r\n");
  });
}

/** A process that listens with the shortest queue and then sleeps, and connections that fill it. @returns its `host:port` */
async function digHole(stage: Stage): Promise<string> {
  const sleeper = new Measured(process.execPath, ["-e", SLEEPER], {});
  stage.after(() => sleeper.end());
  const port = Number((await sleeper.says(/^\d+/))[0]);
  const plugs: Socket[] = [];
  stage.after(() => {
    for (const one of plugs) one.destroy();
  });
  for (let unanswered = 0; unanswered < 2 && plugs.length < 20; ) {
    const plug = connect(port, "127.0.0.1").on("error", () => {});
    plugs.push(plug);
    const answered = await new Promise<boolean>((resolve) => {
      setTimeout(resolve, 300, false);
      plug.once("connect", () => resolve(true));
    });
    if (!answered) unanswered++;
  }
  return `127.0.0.1:${port}`;
}

const SLEEPER = `
const server = require("node:net").createServer().listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
  require("node:fs").writeSync(1, String(server.address().port));
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});`;
