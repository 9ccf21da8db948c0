import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { createChallenge } from "../../src/auth/ntlm/verifier.ts";
import { startDemoParent } from "../../src/demo/parent.ts";
import { credential, temporaryFolder } from "./identity.ts";
import { done, outbound, parentAt, until } from "./parent-at.ts";
import { type Scripted, scriptedParent } from "./scripted-parent.ts";

/** A parent that signs in with NTLM, and treats a request with a proof as a test says. */
async function provedTo(t: TestContext, verdict: (connection: Scripted, head: string) => unknown) {
  const { message } = createChallenge({ targetName: "CORP", dnsDomain: "corp.test" });
  const seen = { proofs: 0, port: 0 };
  const front = await scriptedParent(t, async (connection) => {
    for (let head = await connection.head(); head !== undefined; head = await connection.head()) {
      if (head.includes("NTLM TlRMTVNTUAAD")) {
        seen.proofs++;
        await verdict(connection, head);
      } else if (head.includes("Proxy-Authorization"))
        connection.answer(407, [`Proxy-Authenticate: NTLM ${Buffer.from(message).toString("base64")}`]);
      else connection.answer(407, ["Proxy-Authenticate: NTLM"]);
    }
  });
  seen.port = front.port;
  return seen;
}

const get = () => outbound("GET http://origin.example/");
const who = () => credential("wrong", { auth: "ntlm" });

test("a parent that closes in place of a 407 costs two logons and then waits, over restarts and reloads", async (t) => {
  const front = await provedTo(t, (connection) => connection.socket.destroy());
  const folder = join(temporaryFolder(t), "state");
  for (let i = 0; i < 5; i++) {
    const { parent } = parentAt(t, front.port, { credential: who(), folder });
    await assert.rejects(parent.exchange(get()));
    await assert.rejects(parent.exchange(get()));
    parent.close();
  }
  assert.equal(front.proofs, 2);
});

test("a reload waits for the verdict on a proof in flight, and those after it get to know it", async (t) => {
  let judge = () => {};
  const front = await provedTo(t, (connection) => {
    judge = () => connection.answer(407, ["Proxy-Authenticate: NTLM"]);
  });
  const folder = join(temporaryFolder(t), "state");
  const before = parentAt(t, front.port, { credential: who(), folder });
  const first = assert.rejects(before.parent.exchange(get()), /refused the logon/);
  await until(() => front.proofs === 1);
  before.parent.close();
  const after = parentAt(t, front.port, { credential: who(), folder });
  const second = assert.rejects(after.parent.exchange(get()), /refused a moment ago/);
  judge();
  await first;
  await second;
  assert.equal(front.proofs, 1);
});

test("a request after a 403, a 302 or a 503 is signed in by a TRACE, so that blocked sites shut nobody out", async (t) => {
  for (const status of [302, 403, 503]) {
    const methods: string[] = [];
    const front = await provedTo(t, (connection, head) => {
      methods.push(head.split(" ")[0]!);
      connection.answer(head.startsWith("TRACE") ? 200 : status, ["Connection: close"]);
    });
    const { parent, guard } = parentAt(t, front.port, { credential: who() });
    assert.equal((await done(parent, get())).status, status);
    assert.equal(guard?.proven, false);
    // Closed after the TRACE by this parent: what counts here is the verdict.
    await Promise.allSettled(Array.from({ length: 5 }, () => parent.exchange(get())));
    assert.deepEqual(methods.slice(0, 2), ["GET", "TRACE"]);
    assert.equal(guard?.proven, true);
  }
});

test("a burst at the start whose answers all say nothing is served", async (t) => {
  const corp = await startDemoParent();
  t.after(() => corp.stop());
  const { parent } = parentAt(t, corp.port, { credential: credential() });
  // Nobody listens there: the parent says 502 or 503 by itself.
  const dead = () => outbound("GET http://127.0.0.1:1/");
  const served = await Promise.all(Array.from({ length: 20 }, () => done(parent, dead())));
  assert.deepEqual([...new Set(served.map((one) => one.status >= 500))], [true]);
  assert.equal(corp.counters.logonsRefused, 0);
});

test("what says nothing even to a TRACE or a HEAD costs two logons and then waits", async (t) => {
  const front = await provedTo(t, (connection) => connection.answer(403, ["Connection: close"]));
  const { parent } = parentAt(t, front.port, { credential: who() });
  const results = await Promise.allSettled(Array.from({ length: 10 }, () => parent.exchange(get())));
  assert.equal(results.filter((one) => one.status === "fulfilled").length, 1);
  assert.equal(front.proofs, 2);
});

test("a password that is changed at the domain while nobody signs in costs one refused logon, whatever comes at once", async (t) => {
  const users = new Map([["testuser", credential().password!]]);
  const corp = await startDemoParent({ users });
  t.after(() => corp.stop());
  t.mock.timers.enable({ apis: ["Date"], now: 1_700_000_000_000 });
  const { parent } = parentAt(t, corp.port, { credential: credential(), pool: { logons: 32, maxIdle: 8 } });
  const connect = () => outbound("CONNECT 127.0.0.1:1");
  await parent
    .exchange(outbound("TRACE http://127.0.0.1:1/"))
    .then(({ connection }) => connection.wire.destroy());
  users.set("testuser", credential("changed").password!);
  corp.dropConnections();
  await until(() => corp.counters.open === 0);
  t.mock.timers.tick(10_000);
  const results = await Promise.allSettled(Array.from({ length: 100 }, () => parent.exchange(connect())));
  assert.ok(results.every((one) => one.status === "rejected"));
  assert.equal(corp.counters.logonsRefused, 1);
});
