import assert from "node:assert/strict";
import { connect } from "node:net";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import { startDemoParent } from "../../src/demo/parent.ts";
import { nearValidRequests } from "../http1/near-valid.ts";
import { until } from "../parents/parent-at.ts";
import { Client } from "../proxy/client.ts";
import { type Place, startOrigin, startProxy, startService } from "../proxy/stage.ts";

// Bounded by time, not by runs: SALLYPORT_FUZZ_SECONDS makes it longer, SALLYPORT_FUZZ_SEED repeats a run.
const seconds = Number(process.env.SALLYPORT_FUZZ_SECONDS ?? 8);
const seed = Number(process.env.SALLYPORT_FUZZ_SEED ?? Date.now() % 2 ** 31);

/** Each has four seconds at the most until the proxy has ended its connection; the limits below are much shorter. */
const LONGEST = 4000;

test("whatever bytes come, the proxy answers or ends the connection, and an innocent client notices nothing", async (t) => {
  t.diagnostic(`seed ${seed}`);
  const parent = await startDemoParent();
  t.after(() => parent.stop());
  const proxy = await startProxy(t, {
    parents: [parent.url],
    timeouts: { head: 150, connect: 1000, originConnect: 500, answer: 1000, idle: 600, keepAlive: 30_000 },
    limits: { headBytes: 8192, headFields: 60 },
  });
  const innocent = await innocentClient(t, proxy.at);
  const origin = await startOrigin(t);
  const bytes = fc.oneof(
    { weight: 6, arbitrary: nearValidRequests },
    { weight: 2, arbitrary: mutated(origin.url, origin.authority) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array)) },
  );
  let count = 0;
  const property = fc.asyncProperty(
    fc.array(
      fc.tuple(bytes, fc.array(fc.nat(400), { maxLength: 4 }), fc.constantFrom("end", "reset", "wait")),
      { minLength: 1, maxLength: 200, size: "max" },
    ),
    async (attacks) => {
      const over = Promise.all(attacks.map(([text, cuts, finish]) => attack(proxy.at, text, cuts, finish)));
      await Promise.all([innocent(), over]);
      await innocent();
      count += attacks.length;
    },
  );
  const details = await fc.check(property, {
    seed,
    numRuns: Number.POSITIVE_INFINITY,
    interruptAfterTimeLimit: seconds * 1000,
    markInterruptAsFailure: false,
  });
  t.diagnostic(`${count} connections`);
  assert.ok(!details.failed, fc.defaultReportMessage(details) ?? "");
  assert.ok(count > 10);
  await until(() => proxy.server.gauges().openConnections === 2);
  assert.equal(parent.counters.logonsRefused, 0);
  assert.deepEqual(
    proxy.requests().filter((one) => one.error === "SP_INTERNAL"),
    [],
    "no mistake of Sallyport itself",
  );
});

/** A request that could be served, with some bytes changed. */
function mutated(url: string, authority: string): fc.Arbitrary<Buffer> {
  const whole = [
    `GET ${url}/ HTTP/1.1\r\nHost: o\r\n\r\nGET ${url}/2 HTTP/1.1\r\nHost: o\r\n\r\n`,
    `POST ${url}/ HTTP/1.1\r\nHost: o\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nT: x\r\n\r\n`,
    `POST ${url}/ HTTP/1.1\r\nHost: o\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello`,
    `CONNECT ${authority} HTTP/1.1\r\nHost: o\r\n\r\nGET / HTTP/1.1\r\nHost: o\r\nConnection: close\r\n\r\n`,
    `TRACE ${url}/ HTTP/1.1\r\nHost: o\r\nMax-Forwards: 0\r\n\r\n`,
  ];
  const change = fc.record({ at: fc.nat(300), byte: fc.integer({ min: 0, max: 255 }) });
  return fc.tuple(fc.constantFrom(...whole), fc.array(change, { maxLength: 4 })).map(([text, changes]) => {
    const buffer = Buffer.from(text, "latin1");
    for (const { at, byte } of changes) buffer[at % buffer.length] = byte;
    return buffer;
  });
}

/** Sends the bytes in pieces, and waits until the proxy has ended the connection. */
function attack(
  place: Place,
  bytes: Buffer,
  cuts: number[],
  finish: "end" | "reset" | "wait",
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...place, noDelay: true });
    const limit = setTimeout(() => {
      reject(new Error("the connection is still open"));
      socket.destroy();
    }, LONGEST);
    socket.on("error", () => {});
    socket.on("close", () => {
      clearTimeout(limit);
      resolve();
    });
    socket.on("data", () => {
      // An answer has come: a well-formed request's connection would stay open for ever.
      if (finish === "wait") socket.end();
    });
    socket.on("connect", () => void sendAll(socket));
    const sendAll = async (to: typeof socket) => {
      const places = [...cuts.map((one) => one % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
      let from = 0;
      for (const place of places) {
        if (place > from) to.write(bytes.subarray(from, place));
        from = Math.max(from, place);
        await new Promise((go) => setImmediate(go));
      }
      if (finish === "reset") to.resetAndDestroy();
      // Without a byte, or with empty lines alone, the proxy waits for a request that may still come.
      else if (finish === "end" || /^[\r\n]*$/.test(bytes.toString("latin1"))) to.end();
    };
  });
}

/** A tunnel and a connection that stays: returns what uses both. */
async function innocentClient(t: TestContext, place: Place): Promise<() => Promise<void>> {
  const origin = await startOrigin(t);
  const service = await startService(t);
  const tunnel = await (await Client.open(t, place)).tunnel(service.authority);
  const kept = await Client.open(t, place);
  let round = 0;
  return async () => {
    await tunnel.echo(`round ${++round};`);
    const { body } = await kept.request(`POST ${origin.url}/${round}`, ["Content-Length: 4"], "body");
    assert.equal(body, `POST /${round} 4`);
  };
}
