import assert from "node:assert/strict";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import { startDemoParent } from "../../src/demo/parent.ts";
import type { DemoParentOptions, ParentRequest } from "../../src/demo/parent-options.ts";
import { until } from "../parents/parent-at.ts";
import { Client } from "./client.ts";
import type { SettingsTest } from "./settings.ts";
import { startOrigin, startProxy, startService } from "./stage.ts";

// The faults of cntlm 0.94 against Squid that were measured, by their numbers; here each is right.

async function network(t: TestContext, corp: DemoParentOptions = {}, input: SettingsTest = {}) {
  const seen: ParentRequest[] = [];
  const parent = await startDemoParent({ onRequest: (one) => seen.push(one), ...corp });
  t.after(() => parent.stop());
  const proxy = await startProxy(t, { parents: [parent.url], ...input });
  return { parent, seen, proxy, client: () => Client.open(t, proxy.at) };
}

/** The same for an NTLM parent and without any. */
async function bothWays(t: TestContext, run: (client: () => Promise<Client>) => Promise<void>) {
  await run((await network(t)).client);
  const direct = await startProxy(t);
  await run(() => Client.open(t, direct.at));
}

test("fault 2: connections are kept whichever header the parent says it with, and the client's stays open", async (t) => {
  for (const keepAliveHeader of ["connection", "proxy-connection", "both"] as const) {
    const { parent, client, proxy } = await network(t, { keepAliveHeader });
    const origin = await startOrigin(t);
    const one = await client();
    for (let i = 0; i < 8; i++) {
      const answer = await one.request(`GET ${origin.url}/${i}`);
      assert.equal(answer.status, 200);
      assert.notEqual(answer.headers.get("connection"), "close");
    }
    const { authority } = await startService(t);
    for (let i = 0; i < 3; i++) await (await (await client()).tunnel(authority)).echo("ping");
    assert.equal(one.ended, false);
    assert.equal(
      proxy.requests().filter((record) => record.connections > 0).length,
      1,
      "connections opened while a client waited",
    );
    assert.ok(parent.counters.logonsAccepted <= 6, "the spare ones, signed in ahead");
  }
});

test("fault 3: a client that sends Connection: close gets its answer through an NTLM parent", async (t) => {
  const origin = await startOrigin(t);
  const { client } = await network(t);
  const requests: [string, string[]][] = [
    [`GET ${origin.url}/`, ["Connection: close"]],
    [`GET ${origin.url}/`, ["Proxy-Connection: close"]],
    [`GET ${origin.url}/ HTTP/1.0`, []],
  ];
  for (const [line, fields] of requests) {
    const one = await client();
    const answer = await one.request(line, fields);
    assert.deepEqual([answer.status, answer.body], [200, "GET / 0"]);
    assert.equal(answer.headers.get("connection"), "close");
    assert.equal(await one.over(), "end");
  }
});

test("fault 4: Expect: 100-continue gets its 100 before the body, and then the answer", async (t) => {
  await bothWays(t, async (client) => {
    const origin = await startOrigin(t);
    const one = await client();
    const body = "x".repeat(2_000_000);
    one.send(`PUT ${origin.url}/64m.bin`, [`Content-Length: ${body.length}`, "Expect: 100-continue"]);
    await one.expect("HTTP/1.1 100 Continue\r\n\r\n");
    one.write(body);
    assert.equal((await one.answer()).body, `PUT /64m.bin ${body.length}`);
    assert.equal((await one.request(`GET ${origin.url}/next`)).body, "GET /next 0");
  });
});

test("fault 4: a refusal in place of the 100 reaches the client, whose body is never sent", async (t) => {
  await bothWays(t, async (client) => {
    const origin = await startOrigin(t);
    origin.server.on("checkContinue", (_request, response) =>
      response.writeHead(417, { "content-length": 0 }).end(),
    );
    const one = await client();
    one.send(`PUT ${origin.url}/`, ["Content-Length: 1000", "Expect: 100-continue"]);
    const answer = await one.answer();
    assert.deepEqual([answer.status, answer.interim], [417, []]);
    assert.equal(await one.over(), "end");
  });
});

test("fault 5: a client's own Proxy-Authorization is replaced, not passed on", async (t) => {
  const origin = await startOrigin(t);
  const { parent, seen, client } = await network(t);
  const own = ["Proxy-Authorization: Basic eDp5"];
  assert.equal((await (await client()).request(`GET ${origin.url}/`, own)).status, 200);
  await (await client()).tunnel(origin.authority, own);
  const basic = await startDemoParent({ auth: "basic" });
  t.after(() => basic.stop());
  const proxy = await startProxy(t, { parents: [basic.url] });
  assert.equal((await (await Client.open(t, proxy.at)).request(`GET ${origin.url}/`, own)).status, 200);
  assert.deepEqual([parent.counters.logonsRefused, basic.counters.logonsRefused], [0, 0]);
  assert.ok(!seen.some((one) => one.headers.get("proxy-authorization")?.includes("eDp5")));
  assert.ok(origin.requests.every((one) => one.headers["proxy-authorization"] === undefined));
});

test("fault 6: pipelined requests are all answered, in their order", async (t) => {
  await bothWays(t, async (client) => {
    const origin = await startOrigin(t);
    const one = await client();
    for (let i = 0; i < 5; i++) one.send(`GET ${origin.url}/${i}`);
    one.send(`POST ${origin.url}/5`, ["Content-Length: 3"], "abc");
    one.send(`GET ${origin.url}/6`);
    const bodies: string[] = [];
    for (let i = 0; i < 7; i++) bodies.push((await one.answer()).body);
    assert.deepEqual(bodies, [...[0, 1, 2, 3, 4].map((i) => `GET /${i} 0`), "POST /5 3", "GET /6 0"]);
  });
});

test("fault 6: empty lines before a request are passed over", async (t) => {
  await bothWays(t, async (client) => {
    const origin = await startOrigin(t);
    const one = await client();
    for (const lines of ["\r\n", "\r\n\r\n"]) {
      one.write(lines);
      assert.equal((await one.request(`GET ${origin.url}/`)).status, 200);
    }
  });
});

test("fault 6: userinfo in the URL becomes a sign-in to the origin, and goes no further", async (t) => {
  await bothWays(t, async (client) => {
    const origin = await startOrigin(t);
    const one = await client();
    await one.request(`GET http://user:p%40ss@${origin.authority}/path`);
    await one.request(`GET http://user@${origin.authority}/path`, ["Authorization: Bearer mine"]);
    const [first, second] = origin.requests;
    assert.equal(first!.url, "/path");
    assert.equal(first!.headers.authorization, `Basic ${Buffer.from("user:p@ss").toString("base64")}`);
    assert.equal(second!.headers.authorization, "Bearer mine");
  });
});

test("fault 6: IPv6 targets in brackets, for CONNECT and GET", async (t) => {
  const service = await startService(t, undefined, "::1").catch(() => undefined);
  if (!service) return t.skip("this host has no IPv6");
  await bothWays(t, async (client) => {
    await (await (await client()).tunnel(service.authority)).echo("ping");
    const origin = await startOrigin(t, undefined, "::1");
    assert.equal((await (await client()).request(`GET ${origin.url}/`)).body, "GET / 0");
    assert.equal(origin.requests[0]!.headers.host, origin.authority);
  });
});

test("fault 7: an answer that comes before the body was sent reaches the client whole", async (t) => {
  await bothWays(t, async (client) => {
    const origin = await startOrigin(t, (_request, response) => {
      response.writeHead(413, { "content-length": 9, connection: "close" }).end("too large");
    });
    const one = await client();
    one.send(`POST ${origin.url}/`, ["Content-Length: 50000000"], "x".repeat(100_000));
    const answer = await one.answer();
    assert.deepEqual([answer.status, answer.body], [413, "too large"]);
    assert.equal(answer.headers.get("connection"), "close");
  });
});

test("fault 7: a client that has ended its side still gets the server's answer", async (t) => {
  await bothWays(t, async (client) => {
    const service = await startService(t, (socket) => {
      let bytes = 0;
      socket.on("data", (chunk) => {
        bytes += chunk.length;
      });
      socket.on("end", () => socket.end(`got ${bytes}`));
    });
    const one = await (await client()).tunnel(service.authority);
    one.write("x".repeat(1000));
    one.socket.end();
    assert.equal(await one.rest(), "got 1000");
  });
});

test("fault 7: a server that has ended its side still gets the client's words", async (t) => {
  await bothWays(t, async (client) => {
    let heard = "";
    const service = await startService(t, (socket) => {
      socket.end("bye");
      socket.on("data", (chunk) => {
        heard += chunk;
      });
    });
    const one = await (await client()).tunnel(service.authority);
    assert.equal(await one.rest(), "bye");
    one.write("and thanks");
    await until(() => heard === "and thanks");
  });
});

test("fault 8: of 1,000 tunnels at once every one carries data, and all are released", async (t) => {
  const { parent, proxy, client } = await network(t);
  const { authority } = await startService(t);
  const tunnels = await Promise.all(
    Array.from({ length: 1000 }, async () => await (await client()).tunnel(authority)),
  );
  await Promise.all(tunnels.map((one, index) => one.echo(`tunnel ${index}`)));
  assert.equal(proxy.server.gauges().tunnels, 1000);
  for (const one of tunnels) one.socket.destroy();
  await until(() => proxy.server.gauges().openConnections === 0);
  assert.equal(proxy.server.gauges().tunnels, 0);
  await until(() => parent.counters.tunnels === 0);
  assert.equal(parent.counters.logonsRefused, 0);
});

test("fault 9: one stop ends it, with an open tunnel and a parent that hangs, and takes no new request", async (t) => {
  const { parent, proxy, client } = await network(t, {}, { timeouts: { stop: 300 } });
  const { authority } = await startService(t);
  const origin = await startOrigin(t);
  const tunnel = await (await client()).tunnel(authority);
  const kept = await client();
  assert.equal((await kept.request(`GET ${origin.url}/`)).status, 200);
  await parent.behave("hang");
  const hung = await client();
  hung.send(`GET ${origin.url}/`);
  const { requests } = parent.counters;
  await until(() => parent.counters.requests > requests);
  const stopped = proxy.server.stop("SIGTERM");
  assert.equal(await kept.over(), "end", "a client between two requests is let go at once");
  await assert.rejects(client(), { code: "ECONNREFUSED" });
  await tunnel.echo("still here");
  await stopped;
  await tunnel.over();
  await hung.over();
  assert.equal(proxy.server.gauges().openConnections, 0);
});

test("fault 9: what runs ends by itself before the limit, and then the stop is over", async (t) => {
  const { proxy, client } = await network(t, {}, { timeouts: { stop: 60_000 } });
  let answer = () => {};
  const origin = await startOrigin(t, (_request, response) => {
    answer = () => response.end("late");
  });
  const one = await client();
  one.send(`GET ${origin.url}/`);
  await until(() => origin.requests.length === 1);
  const stopped = proxy.server.stop("SIGTERM");
  answer();
  const last = await one.answer();
  assert.deepEqual([last.body, last.headers.get("connection")], ["late", "close"]);
  one.socket.end();
  await stopped;
});

test("fault 9: a second signal ends everything at once", async (t) => {
  const { proxy, client } = await network(t, {}, { timeouts: { stop: 60_000 } });
  const { authority } = await startService(t);
  const tunnel = await (await client()).tunnel(authority);
  const stopped = proxy.server.stop("SIGTERM");
  void proxy.server.stop("SIGTERM");
  await stopped;
  await tunnel.over();
});

test("fault 10: a parent that hangs, closes or refuses costs the first request a limit, and the next ones nothing", async (t) => {
  const origin = await startOrigin(t);
  for (const behaviour of ["hang", "close", "refuse"] as const) {
    const bad = await startDemoParent({ behaviour });
    const good = await startDemoParent();
    t.after(() => Promise.all([bad.stop(), good.stop()]));
    const proxy = await startProxy(t, {
      parents: [bad.url, good.url],
      timeouts: { connect: 300, answer: 300 },
    });
    const one = await Client.open(t, proxy.at);
    for (let i = 0; i < 2; i++) assert.equal((await one.request(`GET ${origin.url}/`)).status, 200);
    const [first, second] = proxy.requests();
    assert.deepEqual([first!.via, second!.via], [good.address, good.address]);
    assert.ok(first!.ms < 3000, behaviour);
    assert.deepEqual([second!.roundTrips, second!.connections], [1, 0]);
  }
});

test("fault 11: all parents down is said with hop, cause and mend", async (t) => {
  const { parent, client } = await network(t);
  await parent.behave("refuse");
  const answer = await (await client()).request("GET http://origin.example/");
  assert.equal(answer.status, 502);
  assert.match(answer.body, new RegExp(`Hop: .*company's proxy ${parent.address}`));
  assert.match(answer.body, /Cause: .*refused/);
  assert.match(answer.body, /Mend: /);
});

test("fault 11: a name that cannot be resolved is said so", async (t) => {
  const proxy = await startProxy(t);
  // A label of 64 characters is refused by the resolver itself: nothing is asked of a name server.
  for (const line of [`CONNECT ${"a".repeat(64)}.invalid:443`, `GET http://${"a".repeat(64)}.invalid/`]) {
    const answer = await (await Client.open(t, proxy.at)).request(line);
    assert.match(answer.head, /^HTTP\/1\.1 502 Bad Gateway/);
    assert.match(answer.headers.get("proxy-status") ?? "", /error=dns_error/);
  }
});

test("fault 11: an origin's 401 is the client's to answer, with a challenge or without", async (t) => {
  await bothWays(t, async (client) => {
    for (const challenge of [{}, { "www-authenticate": "NTLM" }]) {
      const origin = await startOrigin(t, (_request, response) =>
        response.writeHead(401, { ...challenge, "content-length": 0 }).end(),
      );
      const answer = await (await client()).request(`GET ${origin.url}/`);
      assert.equal(answer.status, 401);
      assert.equal(answer.headers.get("www-authenticate"), challenge["www-authenticate"]);
    }
  });
});

test("fault 12: a wrong password costs one logon for any number of requests, and the client is not asked for one", async (t) => {
  const { parent, proxy, client } = await network(t, {}, { password: "wrong" });
  const answers = await Promise.all(
    Array.from({ length: 50 }, async (_, index) =>
      (await client()).request(index % 2 ? "CONNECT origin.example:443" : "GET http://origin.example/"),
    ),
  );
  for (const answer of answers) {
    assert.equal(answer.status, 502);
    assert.equal(answer.headers.get("proxy-authenticate"), undefined);
    assert.match(answer.body, /CORP\\testuser/);
    assert.match(answer.body, /Hop: +the logon of Sallyport to the company's proxy/);
  }
  assert.equal(parent.counters.logonsRefused, 1);
  assert.equal(proxy.server.gauges().parents[0]!.up, true);
});

test("fault 13: a client that is denied gets a 403 that says by which rule, and a clean end", async (t) => {
  const proxy = await startProxy(t, { proxy: 'allow = ["10.0.0.0/8"]' });
  for (const line of ["GET http://origin.example/", "CONNECT origin.example:443"]) {
    const one = await Client.open(t, proxy.at);
    const answer = await one.request(line, ["Connection: close"]);
    assert.equal(answer.status, 403);
    assert.match(answer.body, /127\.0\.0\.1 may not use this proxy/);
    assert.equal(await one.over(), "end");
  }
});

test("fault 14: clients that come all at once are all accepted", async (t) => {
  const { client } = await network(t, { auth: "none" });
  const clients = await Promise.all(Array.from({ length: 500 }, client));
  assert.equal(clients.length, 500);
});

test("fault 14: head and body leave in one segment, without waiting for an acknowledgement", async (t) => {
  const { client } = await network(t);
  const origin = await startOrigin(t);
  const one = await client();
  await one.request(`GET ${origin.url}/`);
  const times: number[] = [];
  for (let i = 0; i < 21; i++) {
    const started = performance.now();
    one.send(`GET ${origin.url}/`);
    const [first] = await once(one.socket, "data");
    times.push(performance.now() - started);
    assert.match(String(first), /\r\n\r\nGET \/ 0$/);
    await one.answer();
  }
  assert.ok(times.sort((a, b) => a - b)[10]! < 30, `median ${times[10]} ms: 44 ms is Nagle's`);
});

test("fault 14: Proxy-Connection ends here, and a tunnel's answer does not speak of closing", async (t) => {
  const proxy = await startProxy(t);
  const origin = await startOrigin(t);
  const one = await Client.open(t, proxy.at);
  await one.request(`GET ${origin.url}/`, ["Proxy-Connection: keep-alive"]);
  assert.equal(origin.requests[0]!.headers["proxy-connection"], undefined);
  const tunnel = await Client.open(t, proxy.at);
  const { head } = await tunnel.request(`CONNECT ${origin.authority}`);
  assert.equal(head, "HTTP/1.1 200 Connection established");
});
