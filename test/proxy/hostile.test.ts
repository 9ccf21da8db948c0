import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { startBlackHole } from "../../src/demo/black-hole.ts";
import { startDemoParent } from "../../src/demo/parent.ts";
import { until } from "../parents/parent-at.ts";
import { Client } from "./client.ts";
import type { SettingsTest } from "./settings.ts";
import { startOrigin, startProxy, startService } from "./stage.ts";

const quick: SettingsTest = {
  timeouts: { connect: 300, originConnect: 300, head: 250, keepAlive: 5000, answer: 2000 },
  limits: { headBytes: 8192, headFields: 60 },
};

/**
 * The proxy in front of an NTLM parent, with innocent clients: a tunnel and a connection that stays open, both from
 * before, and a pool. `untouched` shows that nothing has happened to any of them.
 */
async function besiegedBy(t: TestContext, input: SettingsTest = quick) {
  const parent = await startDemoParent();
  t.after(() => parent.stop());
  const proxy = await startProxy(t, { parents: [parent.url], ...input });
  const origin = await startOrigin(t);
  const service = await startService(t);
  const client = () => Client.open(t, proxy.at);
  const tunnel = await (await client()).tunnel(service.authority);
  const kept = await client();
  await kept.request(`GET ${origin.url}/innocent`);
  let rounds = 0;
  return {
    ...proxy,
    parent,
    origin,
    client,
    async untouched(): Promise<void> {
      await tunnel.echo(`round ${++rounds}`);
      const { body } = await kept.request(`POST ${origin.url}/innocent`, ["Content-Length: 4"], "body");
      assert.equal(body, "POST /innocent 4");
      const { roundTrips, connections, via } = proxy.requests().at(-1)!;
      assert.deepEqual([roundTrips, connections, via], [1, 0, parent.address], "on a connection of the pool");
      assert.equal(proxy.server.gauges().parents[0]!.up, true);
      assert.equal(parent.counters.logonsRefused, 0);
    },
  };
}

const HOST = "Host: o.example\r\n";

test("each form of request smuggling is refused, and its connection ends", async (t) => {
  const { client, untouched, origin } = await besiegedBy(t);
  const post = `POST ${origin.url}/ HTTP/1.1\r\n${HOST}`;
  const smuggled = `0\r\n\r\nGET ${origin.url}/smuggled HTTP/1.1\r\n${HOST}\r\n`;
  const forms: [string, string, number][] = [
    ["both lengths", `${post}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n${smuggled}`, 400],
    [
      "both lengths, other order",
      `${post}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n${smuggled}`,
      400,
    ],
    ["two lengths", `${post}Content-Length: 5\r\nContent-Length: 6\r\n\r\n12345`, 400],
    ["two lengths in one", `${post}Content-Length: 5, 6\r\n\r\n12345`, 400],
    ["length with a sign", `${post}Content-Length: +5\r\n\r\n12345`, 400],
    ["length in hex", `${post}Content-Length: 0x5\r\n\r\n12345`, 400],
    ["endless length", `${post}Content-Length: 99999999999999999999\r\n\r\n`, 400],
    ["unknown coding", `${post}Transfer-Encoding: xchunked\r\n\r\n${smuggled}`, 501],
    ["two codings", `${post}Transfer-Encoding: gzip, chunked\r\n\r\n${smuggled}`, 501],
    [
      "chunked twice",
      `${post}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n${smuggled}`,
      501,
    ],
    [
      "coding in HTTP/1.0",
      `POST ${origin.url}/ HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n${smuggled}`,
      400,
    ],
    ["space before the colon", `${post}Transfer-Encoding : chunked\r\n\r\n${smuggled}`, 400],
    ["tab before the colon", `${post}Content-Length\t: 5\r\n\r\n12345`, 400],
    ["folded field", `${post}X: a\r\n Transfer-Encoding: chunked\r\n\r\n${smuggled}`, 400],
    ["field before the first", `POST ${origin.url}/ HTTP/1.1\r\n X: y\r\n${HOST}\r\n`, 400],
    ["two hosts", `GET ${origin.url}/ HTTP/1.1\r\n${HOST}${HOST}\r\n`, 400],
    ["no host", `GET ${origin.url}/ HTTP/1.1\r\n\r\n`, 400],
    ["vertical tab in a coding", `${post}Transfer-Encoding: \x0bchunked\r\n\r\n${smuggled}`, 400],
    ["bare CR", `${post}X: a\rTransfer-Encoding: chunked\r\n\r\n${smuggled}`, 400],
    ["space in the target", `GET ${origin.url}/ a HTTP/1.1\r\n${HOST}\r\n`, 400],
    ["version 2", `GET ${origin.url}/ HTTP/2.0\r\n${HOST}\r\n`, 505],
    ["version 0.9", `GET ${origin.url}/\r\n\r\n`, 400],
    ["the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505],
  ];
  for (const [name, bytes, status] of forms) {
    const one = await client();
    one.write(bytes);
    const answer = await one.answer();
    assert.equal(answer.status, status, `${name}: ${answer.head}`);
    assert.equal(answer.headers.get("connection"), "close", name);
    assert.match(answer.headers.get("proxy-status") ?? "", /^sallyport; error=http_request_error/, name);
    assert.equal(await one.rest(), "", name);
  }
  await untouched();
  assert.ok(origin.requests.every((one) => one.url === "/innocent"));
});

test("a bare LF, a null byte, a control character: 400 at once, not at a time-out", async (t) => {
  const { client, untouched } = await besiegedBy(t);
  const forms = [
    "GET http://o.example/ HTTP/1.1\nHost: o.example\n\n",
    `GET http://o.example/ HTTP/1.1\r\n${HOST}X: y\n\r\n`,
    `GET http://o.example/ HTTP/1.1\r\n${HOST}X: a\0b\r\n\r\n`,
    `GET http://o.example/\0 HTTP/1.1\r\n${HOST}\r\n`,
    `GET http://o.example/ HTTP/1.1\r\n${HOST}X\x01: y\r\n\r\n`,
    `GET http://o.example/ HTTP/1.1\r\n${HOST}X: \x1b[31m\r\n\r\n`,
    `G\0ET http://o.example/ HTTP/1.1\r\n${HOST}\r\n`,
    "\n".repeat(100),
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    `CONNECT o.example\0:443 HTTP/1.1\r\n${HOST}\r\n`,
  ];
  for (const bytes of forms) {
    const one = await client();
    one.write(bytes);
    assert.equal((await one.answer()).status, 400, JSON.stringify(bytes));
    assert.equal(await one.over(), "end");
  }
  await untouched();
});

test("targets that are none: 400, and the message shows no more than it must", async (t) => {
  const { client, untouched } = await besiegedBy(t);
  const targets = [
    "CONNECT o.example",
    "CONNECT o.example:0",
    "CONNECT o.example:65536",
    "CONNECT o.example:443/path",
    "CONNECT user@o.example:443",
    "CONNECT http://o.example/",
    "CONNECT :443",
    "CONNECT [::1:443",
    "CONNECT [zz]:443",
    "GET http:///path",
    "GET http://o.example:99999/",
    "GET //o.example/",
    "GET *",
    "GET http://user:c4n4ry@/",
  ];
  for (const line of targets) {
    const one = await client();
    const answer = await one.request(line, ["Host: o.example"]);
    assert.equal(answer.status, 400, line);
    assert.ok(!(answer.head + answer.body).includes("c4n4ry"), line);
  }
  await untouched();
});

test("heads that are huge, endless or of too many fields: 431", async (t) => {
  const { client, untouched } = await besiegedBy(t);
  const line = `GET http://o.example/ HTTP/1.1\r\n${HOST}`;
  const heads = [
    `${line}X: ${"x".repeat(9000)}\r\n\r\n`,
    `${line}X: ${"x".repeat(2_000_000)}`,
    `GET http://o.example/${"x".repeat(9000)} HTTP/1.1\r\n${HOST}\r\n`,
    `${line}${"X: y\r\n".repeat(61)}\r\n`,
  ];
  for (const head of heads) {
    const one = await client();
    one.write(head);
    assert.equal((await one.answer()).status, 431, head.slice(0, 100));
    assert.equal(await one.over(), "end");
  }
  await untouched();
});

test("bad chunks in a body: 400, and the origin never takes a part for the whole", async (t) => {
  const { client, untouched, origin } = await besiegedBy(t);
  const bodies = [
    "xyz\r\n",
    "-5\r\nhello\r\n",
    "5\nhello\r\n0\r\n\r\n",
    "5\r\nhelloX\r\n0\r\n\r\n",
    "fffffffffffffffff\r\n",
    "5 ;\x00\r\nhello\r\n",
    `5;${"e".repeat(100_000)}\r\nhello\r\n`,
    "5\r\nhello\r\n0\r\nbad trailer\r\n\r\n",
    "5\r\nhello\r\n0\r\nX: a\0\r\n\r\n",
  ];
  for (const body of bodies) {
    const one = await client();
    one.send(`POST ${origin.url}/bad`, ["Transfer-Encoding: chunked"], body);
    const answer = await one.answer();
    assert.equal(answer.status, 400, JSON.stringify(body.slice(0, 40)));
    assert.match(answer.body, /body of the request/);
    assert.equal(await one.over(), "end");
  }
  await untouched();
  assert.ok(origin.requests.every((one) => one.url === "/innocent"));
});

test("a body that breaks off is broken off at the origin too", async (t) => {
  const { client, untouched, origin, parent } = await besiegedBy(t);
  for (const field of ["Content-Length: 10", "Transfer-Encoding: chunked"]) {
    const broken = new Promise((resolve) =>
      origin.server.once("request", (request) => request.once("error", resolve)),
    );
    const one = await client();
    one.send(`POST ${origin.url}/half`, [field], field.startsWith("C") ? "12345" : "5\r\n123");
    await until(() => parent.counters.requests > 0);
    await new Promise((resolve) => origin.server.once("request", resolve));
    one.socket.destroy();
    await broken;
  }
  await untouched();
  assert.ok(origin.requests.every((one) => one.url === "/innocent"));
});

test("a head that comes too slowly: 408, whoever dribbles", async (t) => {
  const { client, untouched } = await besiegedBy(t);
  const slow = await Promise.all(
    Array.from({ length: 50 }, async (_, index) => {
      const one = await client();
      one.write(index % 2 ? "G" : `GET http://o.example/ HTTP/1.1\r\n${HOST}X: `);
      return one;
    }),
  );
  const dribble = setInterval(() => {
    for (const one of slow) if (!one.ended) one.write("x");
  }, 20);
  t.after(() => clearInterval(dribble));
  for (const one of slow) assert.equal((await one.answer()).status, 408);
  clearInterval(dribble);
  await untouched();
});

test("a client that says nothing is let go without a word", async (t) => {
  const { at, requests } = await startProxy(t, { timeouts: { keepAlive: 100 } });
  const one = await Client.open(t, at);
  assert.equal(await one.rest(), "");
  assert.deepEqual(requests(), []);
});

test("CONNECT to nowhere: refused is 502, swallowed is 504, through a parent and direct", async (t) => {
  const { client, untouched } = await besiegedBy(t);
  const refused = await (await client()).request("CONNECT 127.0.0.1:1");
  assert.ok([502, 503, 504].includes(refused.status), refused.head);
  await untouched();
  const direct = await startProxy(t, quick);
  const closed = await (await Client.open(t, direct.at)).request("CONNECT 127.0.0.1:1");
  assert.equal(closed.status, 502);
  assert.match(closed.headers.get("proxy-status") ?? "", /error=connection_refused/);
  assert.match(closed.body, /straight to the server/);
  const hole = await startBlackHole().catch(() => undefined);
  if (hole === undefined) return;
  t.after(() => hole.stop());
  const swallowed = await (await Client.open(t, direct.at)).request(`CONNECT 127.0.0.1:${hole.port}`);
  assert.equal(swallowed.status, 504);
  assert.match(swallowed.headers.get("proxy-status") ?? "", /error=connection_timeout/);
});

test("clients that break off at any point leave nothing behind", async (t) => {
  const { client, untouched, origin, server, parent } = await besiegedBy(t);
  const requests = [
    `GET ${origin.url}/gone HTTP/1.1\r\n${HOST}\r\n`,
    `CONNECT ${origin.authority} HTTP/1.1\r\n${HOST}\r\nGET / HTTP/1.1\r\n${HOST}\r\n`,
    `POST ${origin.url}/gone HTTP/1.1\r\n${HOST}Content-Length: 100\r\n\r\n${"x".repeat(50)}`,
  ];
  for (const bytes of requests)
    for (let cut = 1; cut <= bytes.length; cut += 7) {
      const one = await client();
      one.write(bytes.slice(0, cut));
      if (cut % 2) one.socket.resetAndDestroy();
      else one.socket.destroy();
    }
  await until(() => server.gauges().openConnections === 2);
  await until(() => parent.counters.tunnels === 1);
  await untouched();
});

test("an answer from a hostile server is a 502, and its connection is not used again", async (t) => {
  const { at, requests } = await startProxy(t, quick);
  const answers = [
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello",
    "HTTP/1.1 200 OK\r\nX: \0\r\n\r\n",
    "HTTP/1.1 2000 OK\r\n\r\n",
    `HTTP/1.1 200 OK\r\nX: ${"x".repeat(9000)}\r\n\r\n`,
    "nonsense\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Le",
    "",
  ];
  for (const text of answers) {
    const service = await startService(t, (socket) => socket.once("data", () => socket.end(text)));
    const one = await Client.open(t, at);
    const answer = await one.request(`GET http://${service.authority}/`);
    assert.equal(answer.status, 502, JSON.stringify(text));
    assert.equal((await one.request("GET ftp://o.example/")).status, 501, "and the client's goes on");
  }
  const splitting = await startService(t, (socket) =>
    socket.on("data", () =>
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\r\nevil"),
    ),
  );
  const one = await Client.open(t, at);
  for (let i = 0; i < 3; i++)
    assert.equal((await one.request(`GET http://${splitting.authority}/`)).body, "ok");
  assert.deepEqual(
    requests()
      .slice(-3)
      .map((record) => record.connections),
    [1, 1, 1],
  );
});

test("an answer that breaks off breaks the client's connection: a part never looks like the whole", async (t) => {
  const { at } = await startProxy(t, quick);
  for (const [field, begun, end] of [
    ["Content-Length: 50", "half", ""],
    ["Transfer-Encoding: chunked", "5\r\nhello\r\n", ""],
    ["Transfer-Encoding: chunked", "5\r\nhel", "loX"],
    ["X: until the end", "hello", undefined],
  ] as const) {
    let finish = () => {};
    const service = await startService(t, (socket) => {
      socket.once("data", () => socket.write(`HTTP/1.1 200 OK\r\n${field}\r\n\r\n${begun}`));
      finish = () => (end === undefined ? socket.resetAndDestroy() : socket.end(end));
    });
    const one = await Client.open(t, at);
    one.send(`GET http://${service.authority}/`);
    await until(() => one.text.endsWith(begun));
    finish();
    assert.equal(await one.over(), "ECONNRESET", begun);
  }
});
