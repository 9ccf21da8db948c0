import assert from "node:assert/strict";
import { createServer } from "node:http";
import { type TestContext, test } from "node:test";
import {
  AnswerTimeoutError,
  ConnectError,
  CredentialRefusedError,
  NoCredentialError,
  SchemeError,
} from "../../src/core/errors.ts";
import { startBlackHole } from "../../src/demo/black-hole.ts";
import { type DemoParent, startDemoParent } from "../../src/demo/parent.ts";
import type { DemoParentOptions } from "../../src/demo/parent-options.ts";
import { credential } from "./identity.ts";
import { finish, outbound, type ParentTest, parentsAt, type RequestTest, until } from "./parent-at.ts";

const quick: ParentTest = { credential: credential(), timeouts: { connect: 150, answer: 150 } };

async function demo(t: TestContext, options: DemoParentOptions = {}): Promise<DemoParent> {
  const started = await startDemoParent(options);
  t.after(() => started.stop());
  return started;
}

async function origin(t: TestContext, act: (answer: () => void) => void = (answer) => answer()) {
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => act(() => response.end("origin")));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as { port: number };
  return {
    get: () => outbound(`GET http://127.0.0.1:${port}/`),
    post: () => outbound(`POST http://127.0.0.1:${port}/`, { body: "once" }),
    connect: () => outbound(`CONNECT 127.0.0.1:${port}`),
  };
}

/** Sends a request; says through which parent it went. */
async function through({ parents }: ReturnType<typeof parentsAt>, request: RequestTest): Promise<number> {
  const opened = await parents.exchange(request);
  await finish(opened.parent, request, opened);
  return Number(opened.parent.name.split(":")[1]);
}

test("the first parent is taken while it is well", async (t) => {
  const [one, two, { get, connect }] = [await demo(t), await demo(t), await origin(t)];
  const set = parentsAt(t, [one.port, two.port], quick);
  for (const request of [get(), connect(), get()]) assert.equal(await through(set, request), one.port);
  assert.equal(two.counters.connections, 0);
});

test("a parent that refuses, hangs or closes is passed over within its limit, and the next request does not try it", async (t) => {
  for (const behaviour of ["refuse", "hang", "close"] as const) {
    const [one, two, { get, connect }] = [await demo(t), await demo(t), await origin(t)];
    await one.behave(behaviour);
    const set = parentsAt(t, [one.port, two.port], { ...quick, timeouts: { connect: 500, answer: 300 } });
    const started = performance.now();
    assert.equal(await through(set, get()), two.port, behaviour);
    // Silence, and then the question whether it is alive.
    assert.ok(performance.now() - started < 2000, behaviour);
    const { connections } = one.counters;
    assert.equal(await through(set, connect()), two.port);
    assert.equal(one.counters.connections, connections, behaviour);
    assert.deepEqual(
      set.told.flatMap((event) => (event.name === "parent-state" ? [event.up] : [])),
      [false],
    );
  }
});

test("a black-holed parent costs the first request its connect limit, and the next ones nothing", async (t) => {
  const hole = await startBlackHole().catch(() => undefined);
  if (hole === undefined) return t.skip("no black hole can be made here");
  t.after(() => hole.stop());
  const [two, { get }] = [await demo(t), await origin(t)];
  const set = parentsAt(t, [hole.port, two.port], quick);
  const first = get();
  assert.equal(await through(set, first), two.port);
  const second = get();
  assert.equal(await through(set, second), two.port);
  assert.deepEqual(second.counters, { roundTrips: 1, connections: 0 });
});

test("requests return to the first parent when it is well again", async (t) => {
  const [one, two, { get }] = [await demo(t), await demo(t), await origin(t)];
  await one.behave("refuse");
  const set = parentsAt(t, [one.port, two.port], quick);
  assert.equal(await through(set, get()), two.port);
  const back = set.next("parent-state", (event) => event.up);
  await one.behave("well");
  await back;
  assert.equal(await through(set, get()), one.port);
});

test("when all are down each is tried, and the first one's error is told", async (t) => {
  const [one, two, { get }] = [await demo(t), await demo(t), await origin(t)];
  await one.behave("refuse");
  await two.behave("close");
  const set = parentsAt(t, [one.port, two.port], quick);
  for (let i = 0; i < 2; i++)
    await assert.rejects(set.parents.exchange(get()), (error: Error) => {
      assert.ok(error instanceof ConnectError);
      assert.match(error.message, new RegExp(`parent 127.0.0.1:${one.port}`));
      return true;
    });
  await two.behave("well");
  assert.equal(
    await through(set, get()),
    two.port,
    "down is no reason not to try when nothing else is there",
  );
});

test("a slow origin does not make its parent dead, and the answer is waited for", async (t) => {
  let answer = () => {};
  const [one, two] = [await demo(t), await demo(t)];
  const { get } = await origin(t, (late) => {
    answer = late;
  });
  const set = parentsAt(t, [one.port, two.port], { ...quick, timeouts: { answer: 300 } });
  const opened = set.parents.exchange(get());
  // The question whether the parent is alive, and its answer.
  await until(() => one.counters.traces === 1 && one.counters.open === 1);
  answer();
  const { parent } = await opened;
  assert.equal(parent.health.up, true);
  assert.equal(two.counters.connections, 0);
});

test("a parent that hangs with a body on its way: the body is not sent to another one", async (t) => {
  const [one, two, { get, post }] = [await demo(t), await demo(t), await origin(t)];
  const set = parentsAt(t, [one.port, two.port], { ...quick, timeouts: { answer: 50, response: 400 } });
  await through(set, get());
  await one.behave("hang");
  const upload = post();
  await assert.rejects(set.parents.exchange(upload), AnswerTimeoutError);
  assert.equal(upload.bodies(), 1);
  assert.equal(two.counters.requests, 0);
});

test("a body that was not sent yet goes to the next parent, once", async (t) => {
  const [one, two, { post }] = [await demo(t), await demo(t), await origin(t)];
  await one.behave("close");
  const set = parentsAt(t, [one.port, two.port], quick);
  const upload = post();
  assert.equal(await through(set, upload), two.port);
  assert.equal(upload.bodies(), 1);
});

test("each parent is signed in to with its own credential", async (t) => {
  const users = new Map([["other", credential("other's").password!]]);
  const [one, two] = [await demo(t), await demo(t, { users, domain: "ELSEWHERE" })];
  const { get } = await origin(t);
  const other = credential("other's", { username: "other", domain: "ELSEWHERE" });
  const set = parentsAt(t, [one.port, { port: two.port, credential: other }], quick);
  assert.equal(await through(set, get()), one.port);
  await one.behave("refuse");
  assert.equal(await through(set, get()), two.port);
  assert.deepEqual(
    [one, two].map((parent) => parent.counters.logonsRefused),
    [0, 0],
  );
});

test("a wrong password is not tried at every parent: they share one count", async (t) => {
  const [one, two, three] = [await demo(t), await demo(t), await demo(t)];
  const { get } = await origin(t);
  const set = parentsAt(t, [one.port, two.port, three.port], { ...quick, credential: credential("wrong") });
  for (let i = 0; i < 5; i++)
    await assert.rejects(set.parents.exchange(get()), (error: Error) => {
      assert.ok(error instanceof CredentialRefusedError);
      return true;
    });
  const refused = [one, two, three].map((parent) => parent.counters.logonsRefused);
  assert.deepEqual(refused, [1, 0, 0]);
});

test("a parent that refuses its own credential does not stop the next one with another", async (t) => {
  const [one, two, { get }] = [await demo(t), await demo(t), await origin(t)];
  const wrong = credential("wrong", { username: "other" });
  const set = parentsAt(t, [{ port: one.port, credential: wrong }, two.port], quick);
  for (let i = 0; i < 5; i++) assert.equal(await through(set, get()), two.port);
  assert.equal(one.counters.logonsRefused, 1);
  assert.equal(set.parents.list[0]!.health.up, true, "it is well: the credential is not");
});

test("a parent that offers only what is not built, or wants a logon that is not configured, is passed over", async (t) => {
  const [one, two, three] = [
    await demo(t, { auth: "negotiate" }),
    await demo(t),
    await demo(t, { auth: "none" }),
  ];
  const { get } = await origin(t);
  const set = parentsAt(
    t,
    [one.port, { port: two.port, credential: undefined }, { port: three.port, credential: undefined }],
    quick,
  );
  assert.equal(await through(set, get()), three.port);
  await three.behave("refuse");
  await assert.rejects(set.parents.exchange(get()), SchemeError);
  const alone = parentsAt(t, [{ port: two.port, credential: undefined }], quick);
  await assert.rejects(alone.parents.exchange(get()), NoCredentialError);
});

test("a client that has gone is not taken to the next parent", async (t) => {
  const [one, two, { get }] = [await demo(t), await demo(t), await origin(t)];
  await one.behave("hang");
  const set = parentsAt(t, [one.port, two.port], { credential: credential() });
  const gone = new AbortController();
  const answer = set.parents.exchange({ ...get(), signal: gone.signal });
  await until(() => one.counters.requests > 0);
  gone.abort(new Error("the client has gone"));
  await assert.rejects(answer, /client has gone/);
  assert.equal(two.counters.connections, 0);
  assert.equal(set.parents.list[0]!.health.up, true);
});
