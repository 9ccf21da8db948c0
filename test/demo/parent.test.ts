import assert from "node:assert/strict";
import { createServer } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { type TestContext, test } from "node:test";
import { type DemoParent, startDemoParent } from "../../src/demo/parent.ts";
import type { DemoParentOptions } from "../../src/demo/parent-options.ts";
import { RawClient, withNtlm } from "./raw-client.ts";

async function parent(t: TestContext, options: DemoParentOptions = {}): Promise<DemoParent> {
  const started = await startDemoParent(options);
  t.after(() => started.stop());
  return started;
}

async function client(t: TestContext, to: DemoParent): Promise<RawClient> {
  const opened = await RawClient.open(to.port);
  t.after(() => opened.socket.destroy());
  return opened;
}

async function httpOrigin(t: TestContext): Promise<{ port: number; url: string; connections: () => number }> {
  let connections = 0;
  const server = createServer((request, response) => {
    if (request.url === "/early") {
      response.writeHead(413, { "content-length": 5 }).end("early");
      return;
    }
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      if (request.url === "/chunked") response.write("two ");
      response.end(`${request.method} ${request.url} ${body}`);
    });
  });
  server.on("connection", () => connections++);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as { port: number };
  return { port, url: `http://127.0.0.1:${port}`, connections: () => connections };
}

/** Answers only after it has read to the end. */
async function lateOrigin(t: TestContext): Promise<number> {
  const server = createTcpServer({ allowHalfOpen: true }, (socket) => {
    let text = "";
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      text += chunk;
    });
    socket.on("end", () => socket.end(`got ${text}`));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  return (server.address() as { port: number }).port;
}

test("NTLM: the right password signs a connection in, and the next request needs none", async (t) => {
  const origin = await httpOrigin(t);
  const corp = await parent(t);
  const one = await client(t, corp);
  const bare = await one.request(`GET ${origin.url}/a`);
  assert.equal(bare.status, 407);
  assert.equal(bare.headers.get("proxy-authenticate"), "NTLM");
  const first = await withNtlm(one, `GET ${origin.url}/b`);
  assert.equal(first.status, 200);
  assert.equal(first.headers.get("connection"), "keep-alive");
  const second = await one.request(`GET ${origin.url}/c`);
  assert.match(`${second.status}`, /200/);
  assert.deepEqual(
    { ...corp.counters },
    {
      connections: 1,
      open: 1,
      requests: 4,
      traces: 0,
      connects: 0,
      legs: 2,
      logonsAccepted: 1,
      logonsRefused: 0,
      tunnels: 0,
    },
  );
  assert.equal(origin.connections(), 1, "the origin's connection is kept too");
});

test("NTLM: a wrong password is refused and counted, and the connection stays", async (t) => {
  const origin = await httpOrigin(t);
  const corp = await parent(t);
  const one = await client(t, corp);
  const refused = await withNtlm(one, `GET ${origin.url}/`, "wrong");
  assert.equal(refused.status, 407);
  assert.equal(refused.headers.get("proxy-authenticate"), "NTLM");
  assert.equal(corp.counters.logonsRefused, 1);
  assert.equal(corp.counters.logonsAccepted, 0);
  assert.equal(origin.connections(), 0);
  assert.equal((await withNtlm(one, `GET ${origin.url}/`)).status, 200);
});

test("another connection is not signed in", async (t) => {
  const origin = await httpOrigin(t);
  const corp = await parent(t);
  assert.equal((await withNtlm(await client(t, corp), `GET ${origin.url}/`)).status, 200);
  assert.equal((await (await client(t, corp)).request(`GET ${origin.url}/`)).status, 407);
});

test("Basic, offered second, is checked on each request", async (t) => {
  const origin = await httpOrigin(t);
  const corp = await parent(t, { auth: ["negotiate", "ntlm", "digest", "basic"] });
  const one = await client(t, corp);
  const basic = (text: string) => [`Proxy-Authorization: Basic ${Buffer.from(text).toString("base64")}`];
  assert.equal((await one.request(`GET ${origin.url}/`, basic("testuser:wrong"))).status, 407);
  assert.equal((await one.request(`GET ${origin.url}/`, basic("CORP\\testuser:S3cret-pass"))).status, 200);
  assert.equal((await one.request(`GET ${origin.url}/`, basic("testuser:S3cret-pass"))).status, 200);
  assert.deepEqual([corp.counters.logonsRefused, corp.counters.logonsAccepted], [1, 2]);
});

test("TRACE is answered by the parent itself, or refused in three ways", async (t) => {
  const trace = "TRACE http://any.example/";
  const answers = await parent(t, { auth: "none" });
  const one = await client(t, answers);
  const told = await one.request(trace, ["Max-Forwards: 0", "X-Said: so", "Proxy-Authorization: Basic eA=="]);
  assert.equal(told.status, 200);
  assert.match(told.body, /X-Said: so/);
  assert.doesNotMatch(told.body, /eA==/);
  assert.equal(answers.counters.traces, 1);

  const open = await client(t, await parent(t, { trace: "refuse-open" }));
  assert.equal((await open.request(trace)).status, 405);
  assert.equal((await open.request(trace)).status, 405);
  const error = await client(t, await parent(t, { trace: "error" }));
  assert.equal((await error.request(trace)).status, 501);
  assert.equal(await error.rest(), "");
  const close = await client(t, await parent(t, { trace: "close" }));
  await assert.rejects(close.request(trace), /ended/);
});

test("a tunnel passes the end of one side alone, and with halfClose off ends whole", async (t) => {
  const port = await lateOrigin(t);
  const corp = await parent(t, { auth: "none" });
  const one = await client(t, corp);
  assert.equal((await one.request(`CONNECT 127.0.0.1:${port}`)).status, 200);
  one.write("all of it");
  one.socket.end();
  assert.equal(await one.rest(), "got all of it");

  const squid = await parent(t, { auth: "none", halfClose: false });
  const two = await client(t, squid);
  assert.equal((await two.request(`CONNECT 127.0.0.1:${port}`)).status, 200);
  two.write("all of it");
  two.socket.end();
  assert.equal(await two.rest(), "");
});

test("an answer in chunks, a body in chunks and 100 Continue go through as they are", async (t) => {
  const origin = await httpOrigin(t);
  const one = await client(t, await parent(t, { auth: "none" }));
  one.write(
    `POST ${origin.url}/chunked HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n`,
  );
  assert.equal((await one.answer()).status, 100);
  one.write("3\r\nabc\r\n0\r\n\r\n");
  const answer = await one.answer();
  assert.equal(answer.headers.get("transfer-encoding"), "chunked");
  await one.expect("4\r\ntwo \r\n11\r\nPOST /chunked abc\r\n0\r\n\r\n");
});

test("an early answer reaches the client before its body is sent, and ends the connection", async (t) => {
  const origin = await httpOrigin(t);
  const one = await client(t, await parent(t, { auth: "none" }));
  const answer = await one.request(`POST ${origin.url}/early`, ["Content-Length: 1000"], "some");
  assert.equal(answer.status, 413);
  assert.equal(answer.headers.get("connection"), "close");
});

test("a logon for one request, a close on the bare 407, and the two keep-alive headers", async (t) => {
  const origin = await httpOrigin(t);
  const forgets = await client(t, await parent(t, { authPerRequest: true }));
  assert.equal((await withNtlm(forgets, `GET ${origin.url}/`)).status, 200);
  assert.equal((await forgets.request(`GET ${origin.url}/`)).status, 407);

  const closes = await client(t, await parent(t, { closeOn407: true }));
  assert.equal((await closes.request(`GET ${origin.url}/`)).headers.get("connection"), "close");
  assert.equal(await closes.rest(), "");

  const corp = await parent(t, { auth: "none", keepAliveHeader: "proxy-connection" });
  const answer = await (await client(t, corp)).request(`GET ${origin.url}/`);
  assert.equal(answer.headers.get("proxy-connection"), "keep-alive");
  assert.equal(answer.headers.get("connection"), undefined);
});

test("it hangs, closes, refuses and is well again, on the same port", async (t) => {
  const origin = await httpOrigin(t);
  const corp = await parent(t, { auth: "none", behaviour: "hang" });
  const hung = await client(t, corp);
  hung.write(`GET ${origin.url}/ HTTP/1.1\r\nHost: x\r\n\r\n`);
  await corp.behave("close");
  assert.equal(await hung.rest(), "");
  assert.equal(await (await client(t, corp)).rest(), "");
  await corp.behave("refuse");
  await assert.rejects(RawClient.open(corp.port), /ECONNREFUSED/);
  await corp.behave({ slow: 20 });
  const slow = await client(t, corp);
  const started = performance.now();
  assert.equal((await slow.request(`GET ${origin.url}/`)).status, 200);
  assert.ok(performance.now() - started >= 19);
  await corp.behave("well");
  assert.equal((await slow.request(`GET ${origin.url}/`)).status, 200);
});

test("idle connections are closed after the time given", async (t) => {
  const corp = await parent(t, { auth: "none", idleTimeout: 30 });
  assert.equal(await (await client(t, corp)).rest(), "");
});

test("names are the parent's own, and nothing leaves loopback", async (t) => {
  const origin = await httpOrigin(t);
  const hosts = new Map([["origin.demo.test:80", { host: "127.0.0.1", port: origin.port }]]);
  const corp = await parent(t, { auth: "none", hosts });
  assert.equal((await (await client(t, corp)).request("GET http://origin.demo.test/x")).body, "GET /x ");
  assert.equal((await (await client(t, corp)).request("GET http://unknown.demo.test/")).status, 503);
  assert.equal((await (await client(t, corp)).request("CONNECT 192.0.2.1:443")).status, 403);
  assert.equal((await (await client(t, corp)).request("CONNECT 127.0.0.1:1")).status, 503);
  assert.equal((await (await client(t, corp)).request("GET /no/proxy/request")).status, 400);
});
