import assert from "node:assert/strict";
import { createServer } from "node:http";
import { type TestContext, test } from "node:test";
import { createChallenge } from "../../src/auth/ntlm/verifier.ts";
import { AnswerError, NoAnswerError, NoCredentialError, SchemeError } from "../../src/core/errors.ts";
import { startDemoParent } from "../../src/demo/parent.ts";
import type { DemoParentOptions } from "../../src/demo/parent-options.ts";
import { credential } from "./identity.ts";
import { done, outbound, type ParentTest, parentAt, until } from "./parent-at.ts";
import { scriptedParent } from "./scripted-parent.ts";

/** The embedded parent, Sallyport's side of it, and an origin behind it. */
async function network(t: TestContext, corp: DemoParentOptions = {}, options: ParentTest = {}) {
  const origin = createServer((request, response) => {
    let length = 0;
    request.on("data", (chunk) => {
      length += chunk.length;
    });
    request.on("end", () => response.end(`${request.method} ${length}`));
  });
  await new Promise<void>((resolve) => origin.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    origin.closeAllConnections();
    origin.close();
  });
  const { port } = origin.address() as { port: number };
  const demo = await startDemoParent(corp);
  t.after(() => demo.stop());
  const sides = parentAt(t, demo.port, { credential: credential(), ...options });
  return {
    ...sides,
    corp: demo,
    get: () => outbound(`GET http://127.0.0.1:${port}/`),
    post: () => outbound(`POST http://127.0.0.1:${port}/`, { body: "x".repeat(1000) }),
    connect: () => outbound(`CONNECT 127.0.0.1:${port}`),
  };
}

test("cold: three round trips with the offers unknown, two with the scheme known; warm: one, and no connection", async (t) => {
  const auto = await network(t);
  assert.deepEqual(await done(auto.parent, auto.get()), { status: 200, roundTrips: 3, connections: 1 });
  assert.deepEqual(await done(auto.parent, auto.get()), { status: 200, roundTrips: 1, connections: 0 });
  const named = await network(t, {}, { credential: credential(undefined, { auth: "ntlm" }) });
  assert.deepEqual(await done(named.parent, named.get()), { status: 200, roundTrips: 2, connections: 1 });
});

test("a tunnel through a warm pool costs one round trip and no connection", async (t) => {
  const { parent, connect, corp } = await network(t);
  await done(parent, connect());
  await until(() => parent.idle > 0);
  const { counters } = corp;
  const before = counters.connections;
  const warm = connect();
  await parent.exchange(warm);
  assert.deepEqual(warm.counters, { roundTrips: 1, connections: 0 });
  await until(() => parent.idle > 0);
  assert.ok(counters.connections > before, "another spare one took its place");
});

test("whichever header says that the connection stays, it is kept", async (t) => {
  for (const keepAliveHeader of ["connection", "proxy-connection", "both", "none"] as const) {
    const { parent, get, corp } = await network(t, { keepAliveHeader });
    for (let i = 0; i < 3; i++) await done(parent, get());
    assert.equal(corp.counters.logonsAccepted, 1, keepAliveHeader);
    assert.equal(corp.counters.connections, 1, keepAliveHeader);
  }
});

test("TRACE is learnt once: an error, a refusal on an open connection, a close", async (t) => {
  for (const trace of ["error", "refuse-open", "close"] as const) {
    const { parent, connect, corp, next } = await network(t, { trace });
    const told = next("debug", (one) => one.message.includes("spare connection"));
    await done(parent, connect());
    await told;
    for (let i = 0; i < 3; i++) {
      const { status, roundTrips, connections } = await done(parent, connect());
      assert.deepEqual([status, roundTrips, connections], [200, 2, 1], trace);
    }
    // The health question that told a close from a parent that went down is one as well.
    assert.equal(corp.counters.traces, trace === "close" ? 2 : 1, trace);
    assert.equal(parent.idle, 0);
    assert.equal(parent.health.up, true);
  }
});

test("a parent that goes down while TRACE is tried is not taken for one that refuses it", async (t) => {
  const { parent, get, connect, corp, next } = await network(t);
  await done(parent, get());
  const failed = next("debug", (one) => one.message.includes("spare connection"));
  const opened = await parent.exchange(connect());
  opened.connection.wire.destroy();
  await corp.behave("refuse");
  await failed;
  await corp.behave("well");
  const { roundTrips } = await done(parent, outbound("POST http://127.0.0.1:1/", { body: "" }));
  assert.equal(roundTrips, 3, "a TRACE in two messages, and the request");
});

test("a TRACE that the parent answers without a logon signs nothing in, and is not repeated for ever", async (t) => {
  let traces = 0;
  const { message } = createChallenge({ targetName: "CORP", dnsDomain: "corp.test" });
  const signedIn = new Set<unknown>();
  const front = await scriptedParent(t, async (connection) => {
    for (let head = await connection.head(); head !== undefined; head = await connection.head()) {
      const message3 = head.includes("Proxy-Authorization: NTLM TlRMTVNTUAAD");
      if (head.startsWith("TRACE")) {
        traces++;
        connection.answer(200);
      } else if (message3 || signedIn.has(connection)) {
        signedIn.add(connection);
        connection.answer(200);
      } else if (head.includes("Proxy-Authorization"))
        connection.answer(407, [`Proxy-Authenticate: NTLM ${Buffer.from(message).toString("base64")}`]);
      else connection.answer(407, ["Proxy-Authenticate: NTLM"]);
    }
  });
  const { parent, next } = parentAt(t, front.port, { credential: credential() });
  const told = next("debug", (one) => one.message.includes("spare connection"));
  await done(parent, outbound("CONNECT origin.example:443"));
  await told;
  assert.equal(traces, 1);
  const post = outbound("POST http://origin.example/", { body: "once" });
  assert.equal((await done(parent, post)).status, 200);
  assert.equal(post.bodies(), 1);
  assert.equal(traces, 1);
});

test("probe off: no TRACE at all, cold tunnels in two round trips", async (t) => {
  const { parent, connect, corp } = await network(t, {}, { probe: "off" });
  for (let i = 0; i < 3; i++) await done(parent, connect());
  assert.deepEqual([corp.counters.traces, corp.counters.connections, parent.idle], [0, 3, 0]);
});

test("probe by URL: spare connections are signed in by a HEAD of it where TRACE is refused", async (t) => {
  const origin = createServer((_request, response) => response.end("probed"));
  await new Promise<void>((resolve) => origin.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    origin.closeAllConnections();
    origin.close();
  });
  const probe = new URL(`http://127.0.0.1:${(origin.address() as { port: number }).port}/alive`);
  const seen: string[] = [];
  const { parent, connect, corp } = await network(
    t,
    { trace: "error", onRequest: (one) => seen.push(`${one.method} ${one.target} ${one.status}`) },
    { probe },
  );
  await done(parent, connect());
  await until(() => parent.idle > 0);
  assert.equal(seen.at(-1), `HEAD ${probe.href} 200`);
  assert.equal(corp.counters.traces, 0);
  const warm = connect();
  await done(parent, warm);
  assert.deepEqual(warm.counters, { roundTrips: 1, connections: 0 });
});

test("a parent whose logon holds for one request only is served cold, and its connections are not kept", async (t) => {
  const { parent, get, connect, corp } = await network(t, { authPerRequest: true }, { probe: "off" });
  for (let i = 0; i < 2; i++) await done(parent, get());
  await done(parent, get());
  const before = corp.counters.connections;
  for (let i = 0; i < 3; i++)
    assert.deepEqual(await done(parent, get()), { status: 200, roundTrips: 2, connections: 1 });
  assert.deepEqual([parent.idle, corp.counters.connections], [0, before + 3]);
  assert.equal((await done(parent, connect())).status, 200);
  assert.equal(corp.counters.logonsRefused, 0);
});

test("a parent that closes after its first 407 is signed in to on a second connection", async (t) => {
  const { parent, get } = await network(t, { closeOn407: true });
  assert.deepEqual(await done(parent, get()), { status: 200, roundTrips: 3, connections: 2 });
});

test("an idle connection that the parent has closed is replaced: for GET and CONNECT, nobody notices", async (t) => {
  const { parent, get, connect, corp } = await network(t, {}, { probe: "off" });
  for (const request of [get, connect]) {
    await done(parent, get());
    // The parent takes the request from the wire and closes without an answer.
    await corp.behave("close");
    const answer = parent.exchange(request());
    await corp.behave("well");
    assert.equal((await answer.catch((error: unknown) => error)) instanceof NoAnswerError, false);
  }
});

test("a request on a connection that closes under it: GET is sent again on a new one, POST never", async (t) => {
  const front = await scriptedParent(t, async (connection) => {
    if (!(await connection.head())) return;
    connection.answer(200);
    if (await connection.head()) connection.socket.end();
  });
  const { parent } = parentAt(t, front.port);
  const get = () => outbound("GET http://origin.example/");
  await done(parent, get());
  assert.deepEqual(await done(parent, get()), { status: 200, roundTrips: 2, connections: 1 });
  const post = outbound("POST http://origin.example/", { body: "once" });
  await assert.rejects(parent.exchange(post), NoAnswerError);
  assert.deepEqual([post.bodies(), post.committed, post.counters.roundTrips], [1, true, 1]);
  assert.equal(parent.health.up, true, "one upload that broke off says nothing of the parent");
});

test("a body is sent once, on a connection that a probe has signed in", async (t) => {
  for (const trace of ["answer", "error", "refuse-open", "close"] as const) {
    const { parent, post, corp } = await network(t, { trace });
    const request = post();
    assert.equal((await done(parent, request)).status, 200);
    assert.equal(request.bodies(), 1, trace);
    const next = post();
    assert.deepEqual(await done(parent, next), { status: 200, roundTrips: 1, connections: 0 });
    assert.equal(corp.counters.logonsAccepted, 1, trace);
  }
});

test("a logon that is forgotten under a body is told, and the body is not sent again", async (t) => {
  const { parent, post } = await network(t, { authPerRequest: true });
  const request = post();
  await assert.rejects(parent.exchange(request), AnswerError);
  assert.equal(request.bodies(), 1);
});

test("Basic goes with every request, on connections that are kept", async (t) => {
  const { parent, get, post, connect, corp } = await network(t, { auth: "basic" });
  assert.deepEqual(await done(parent, get()), { status: 200, roundTrips: 2, connections: 1 });
  for (const request of [get, post, connect])
    assert.deepEqual(await done(parent, request()), { status: 200, roundTrips: 1, connections: 0 });
  assert.deepEqual([corp.counters.connections, corp.counters.logonsRefused], [1, 0]);
});

test("Basic that is refused on a kept connection counts as a refusal, and is not sent on the next one", async (t) => {
  const users = new Map([["testuser", credential().password!]]);
  const { parent, guard, get, corp } = await network(t, { auth: "basic", users });
  const opened = await Promise.all([1, 2, 3].map(() => parent.exchange(get())));
  for (const { connection, head } of opened) {
    await connection.skipBody(head, "GET", undefined);
    parent.give(connection);
  }
  assert.equal(parent.idle, 3);
  users.set("testuser", credential("changed at the domain").password!);
  for (let i = 0; i < 10; i++) await assert.rejects(parent.exchange(get()), /refused/);
  assert.equal(corp.counters.logonsRefused, 1);
  assert.equal(guard?.proven, false);
});

test("auto takes the strongest that is built; what a parent offers beside it does not matter", async (t) => {
  const { parent, get, told } = await network(t, { auth: ["basic", "negotiate", "digest", "ntlm"] });
  await done(parent, get());
  assert.deepEqual(
    told.flatMap((one) => (one.name === "logon" ? [one.scheme] : [])),
    ["ntlm"],
  );
});

test("a parent that offers only what is not built says so, and is not thought dead", async (t) => {
  const { parent, get } = await network(t, { auth: ["negotiate", "digest"] });
  await assert.rejects(parent.exchange(get()), (error: Error) => {
    assert.ok(error instanceof SchemeError);
    assert.match(error.message, /Negotiate and Digest/);
    return true;
  });
  assert.equal(parent.health.up, true);
});

test("no credential for a parent that wants a logon: a sentence with a mend", async (t) => {
  const corp = await startDemoParent();
  t.after(() => corp.stop());
  const { parent } = parentAt(t, corp.port);
  for (const line of ["GET http://127.0.0.1:1/", "CONNECT 127.0.0.1:1", "POST http://127.0.0.1:1/"])
    await assert.rejects(parent.exchange(outbound(line, { body: "" })), (error: NoCredentialError) => {
      assert.ok(error instanceof NoCredentialError);
      assert.match(error.hint ?? "", /\[identity\]/);
      return true;
    });
});

test("an open parent with a credential configured: no logon, connections are kept, and nobody waits for a slow one", async (t) => {
  for (const auth of ["auto", "ntlm"] as const) {
    const { parent, get, post, corp } = await network(
      t,
      { auth: "none" },
      { credential: credential(undefined, { auth }) },
    );
    await done(parent, get());
    await corp.behave({ slow: 60_000 });
    const gone = new AbortController();
    const slow = parent.exchange({ ...get(), signal: gone.signal });
    const { requests } = corp.counters;
    await until(() => corp.counters.requests > requests);
    await corp.behave("well");
    assert.equal((await done(parent, get())).status, 200);
    assert.deepEqual(await done(parent, get()), { status: 200, roundTrips: 1, connections: 0 });
    assert.equal((await done(parent, post())).status, 200);
    gone.abort(new Error("over"));
    await assert.rejects(slow);
    assert.equal(corp.counters.legs, 0);
  }
});

test("with a wrong password a thousand requests cost one logon, and clients that go away cost none more", async (t) => {
  const { parent, get, corp } = await network(t, {}, { credential: credential("wrong") });
  const impatient = Array.from({ length: 20 }, async () => {
    const gone = new AbortController();
    const before = corp.counters.legs;
    const answer = parent.exchange({ ...get(), signal: gone.signal });
    await until(() => corp.counters.legs > before || corp.counters.logonsRefused > 0);
    gone.abort(new Error("the client has gone"));
    await assert.rejects(answer);
  });
  await Promise.all(impatient);
  const results = await Promise.allSettled(Array.from({ length: 1000 }, () => parent.exchange(get())));
  assert.ok(results.every((one) => one.status === "rejected"));
  assert.equal(corp.counters.logonsRefused, 1);
});

test("a client that goes away while its proof is judged does not hide the refusal", async (t) => {
  const { message } = createChallenge({ targetName: "CORP", dnsDomain: "corp.test" });
  let proofs = 0;
  let judge = () => {};
  const front = await scriptedParent(t, async (connection) => {
    for (let head = await connection.head(); head !== undefined; head = await connection.head()) {
      if (!head.includes("NTLM TlRMTVNTUAAD")) {
        connection.answer(407, [`Proxy-Authenticate: NTLM ${Buffer.from(message).toString("base64")}`]);
        continue;
      }
      proofs++;
      judge = () => connection.answer(407, ["Proxy-Authenticate: NTLM"]);
    }
  });
  const { parent, next } = parentAt(t, front.port, { credential: credential("wrong", { auth: "ntlm" }) });
  const gone = new AbortController();
  const answer = parent.exchange(outbound("GET http://origin.example/", { signal: gone.signal }));
  await until(() => proofs === 1);
  const refused = next("logon", (one) => !one.accepted);
  gone.abort(new Error("the client has gone"));
  judge();
  await refused;
  await assert.rejects(answer);
  await assert.rejects(parent.exchange(outbound("GET http://origin.example/")), /refused a moment ago/);
  assert.equal(proofs, 1);
});

test("200 cold tunnels at once all come up, and no more logons are in flight than allowed", async (t) => {
  const { parent, get, connect, corp } = await network(t, {}, { pool: { logons: 4, maxIdle: 2 } });
  await done(parent, get());
  let most = 0;
  const watch = setInterval(() => {
    most = Math.max(most, corp.counters.open - corp.counters.tunnels);
  }, 1);
  const opened = await Promise.all(Array.from({ length: 200 }, () => parent.exchange(connect())));
  clearInterval(watch);
  assert.deepEqual(new Set(opened.map((one) => one.head.status)), new Set([200]));
  assert.ok(most <= 4 + 2, `${most} connections without a tunnel`);
  for (const { connection } of opened) connection.wire.destroy();
  assert.equal(corp.counters.logonsRefused, 0);
});

test("spare connections: half of the most at the most, and none once closed", async (t) => {
  const { parent, connect, corp } = await network(t, {}, { pool: { maxIdle: 6 } });
  await done(parent, connect());
  for (const { connection } of await Promise.all(
    Array.from({ length: 20 }, () => parent.exchange(connect())),
  ))
    connection.wire.destroy();
  await until(() => parent.idle === 3);
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(parent.idle, 3);
  assert.equal(parent.busy, 0);
  parent.close();
  await until(() => corp.counters.open === 0);
});
