import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { type TestContext, test } from "node:test";
import { ConfigError } from "../../src/core/errors.ts";
import { startDemoParent } from "../../src/demo/parent.ts";
import { serveClient } from "../../src/proxy/client.ts";
import { Interfaces } from "../../src/proxy/interfaces.ts";
import { makeContext } from "../../src/proxy/make-context.ts";
import { ProxyServer } from "../../src/proxy/server.ts";
import { acceptWire } from "../../src/wire/accept.ts";
import { recordingEvents, temporaryFolder } from "../parents/identity.ts";
import { until } from "../parents/parent-at.ts";
import { Client } from "./client.ts";
import { makeSettings, type SettingsTest } from "./settings.ts";
import { startOrigin, startProxy, startService } from "./stage.ts";

/** The proxy as a container sees it: clients come from 172.17.0.5 on the engine's own network, or as a test says. */
async function fromContainer(t: TestContext, input: SettingsTest = {}) {
  const settings = makeSettings(t, input);
  const { events } = recordingEvents();
  const docker0 = { name: "docker0", address: "172.17.0.1", family: 4, prefix: 16 } as const;
  const context = makeContext(settings, {
    events,
    environment: {},
    interfaces: new Interfaces(() => [docker0]),
    pseudonym: "sallyport-test",
    isOwnListener: () => false,
    counts: { tunnels: 0 },
    draining: () => false,
    previous: undefined,
  });
  let address = "";
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    const wire = acceptWire(socket);
    t.after(() => wire.destroy());
    void serveClient(
      wire,
      { kind: "tcp", address },
      () => context,
      () => {},
    );
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    context.close();
    server.close();
  });
  const { port } = server.address() as { port: number };
  return async (from = "172.17.0.5") => {
    address = from;
    const accepted = once(server, "connection");
    const client = await Client.open(t, { host: "127.0.0.1", port });
    await accepted;
    return client;
  };
}

test("a container does not reach the cloud's metadata or this host's loopback, by address or by name", async (t) => {
  const service = await startService(t);
  const { port } = service;
  const parent = await startDemoParent();
  t.after(() => parent.stop());
  for (const parents of [[], [parent.url]]) {
    const client = await fromContainer(t, { parents });
    for (const target of [
      "169.254.169.254:80",
      "[fd00:ec2::254]:80",
      "169.254.170.2:80",
      `127.0.0.1:${port}`,
      `127.9.9.9:${port}`,
      `[::ffff:127.0.0.1]:${port}`,
      `0.0.0.0:${port}`,
      `localhost:${port}`,
      `LOCALHOST.:${port}`,
    ])
      for (const line of [`CONNECT ${target}`, `GET http://${target}/`]) {
        const answer = await (await client()).request(line);
        assert.ok([403, 502].includes(answer.status), `${line}: ${answer.head}`);
        if (!/LOCALHOST\./.test(line)) assert.equal(answer.status, 403, line);
      }
  }
  assert.equal(service.sockets.size, 0);
  assert.equal(parent.counters.requests, 0);
});

test("what allow_targets names a container may reach, and the host itself always may", async (t) => {
  const { authority, port } = await startService(t);
  const client = await fromContainer(t, { proxy: `allow_targets = ["localhost:${port}"]` });
  await (await (await client()).tunnel(`localhost:${port}`)).echo("ping");
  assert.equal((await (await client()).request(`CONNECT ${authority}`)).status, 403);
  const { at } = await startProxy(t);
  await (await (await Client.open(t, at)).tunnel(authority)).echo("ping");
});

test("a connection that the host has left open to a forbidden target is not lent to a container", async (t) => {
  const origin = await startOrigin(t);
  const client = await fromContainer(t);
  const line = `GET http://localhost:${origin.port}/`;
  assert.equal((await (await client("127.0.0.1")).request(line)).status, 200);
  assert.equal((await (await client()).request(line)).status, 403);
  assert.equal((await (await client("127.0.0.1")).request(line)).status, 200);
  assert.deepEqual([origin.requests.length, origin.seen.connections], [2, 1]);
});

test("a request that comes back is a loop: 508, by Via", async (t) => {
  const { at, told: _ } = await startProxy(t);
  const origin = await startOrigin(t);
  await (await Client.open(t, at)).request(`GET ${origin.url}/`);
  const via = origin.requests[0]!.headers.via!;
  assert.match(via, /^1\.1 sallyport-/);
  await (await Client.open(t, at)).request(`GET ${origin.url}/ HTTP/1.0`, ["Via: 1.1 one", "Via: 1.0 two"]);
  assert.equal(origin.requests[1]!.headers.via, `1.1 one, 1.0 two, ${via.replace("1.1", "1.0")}`);
  for (const line of [`GET ${origin.url}/`, `CONNECT ${origin.authority}`]) {
    const answer = await (await Client.open(t, at)).request(line, [`Via: 1.0 other, ${via}`]);
    assert.equal(answer.status, 508);
    assert.match(answer.headers.get("proxy-status") ?? "", /error=proxy_loop_detected/);
  }
  assert.equal(origin.requests.length, 2);
});

test("two proxies that are each other's parent answer 508 at once instead of going round", async (t) => {
  const first = await startProxy(t);
  const port = (first.at as { port: number }).port;
  const second = await startProxy(t, { parents: [`http://127.0.0.1:${port}`] });
  const back = (second.at as { port: number }).port;
  await first.server.reload(makeSettings(t, { parents: [`http://127.0.0.1:${back}`] }));
  const at = { host: "127.0.0.1", port: Number(first.server.addresses()[0]!.split(":")[1]) };
  // The reload moved the first listener: point the second at where it is now.
  await second.server.reload(makeSettings(t, { parents: [`http://127.0.0.1:${at.port}`] }));
  const later = { host: "127.0.0.1", port: Number(second.server.addresses()[0]!.split(":")[1]) };
  await first.server.reload(
    makeSettings(t, { listen: [`127.0.0.1:${at.port}`], parents: [`http://127.0.0.1:${later.port}`] }),
  );
  for (const line of ["GET http://origin.example/", "CONNECT origin.example:443"]) {
    const answer = await (await Client.open(t, at)).request(line);
    assert.equal(answer.status, 508, answer.head);
  }
});

test("the proxy's own address as a target is a loop: 508, by address and by name", async (t) => {
  const { at } = await startProxy(t);
  const { port } = at as { port: number };
  for (const line of [
    `CONNECT 127.0.0.1:${port}`,
    `GET http://127.0.0.1:${port}/`,
    `GET http://localhost:${port}/`,
  ])
    assert.equal((await (await Client.open(t, at)).request(line)).status, 508, line);
});

test("a parent that is this proxy itself is refused at the start, and nothing stays bound", async (t) => {
  const { server, settings, at } = await startProxy(t);
  server.end();
  const listen = [{ kind: "address", ...(at as { host: string; port: number }) } as const];
  const parents = [{ ...(at as { host: string; port: number }), credential: undefined }];
  const looping = new ProxyServer(
    { ...settings, proxy: { ...settings.proxy, listen, parents } },
    recordingEvents().events,
  );
  await assert.rejects(looping.start(), (error: Error) => {
    assert.ok(error instanceof ConfigError);
    assert.match(error.message, /is this proxy itself/);
    return true;
  });
  await assert.rejects(Client.open(t, at), { code: "ECONNREFUSED" });
});

test("clients that must sign in: 407 with a challenge, then in; their credential goes no further", async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(`${folder}/client`, "p:ss wörd\n", { mode: 0o600 });
  const parent = await startDemoParent({ auth: "none" });
  t.after(() => parent.stop());
  const origin = await startOrigin(t);
  const tables = `[[proxy.client]]\nusername = "ci"\npassword_file = "${folder}/client"`;
  const { at } = await startProxy(t, { parents: [parent.url], tables });
  const one = await Client.open(t, at);
  const basic = (text: string) => `Proxy-Authorization: Basic ${Buffer.from(text).toString("base64")}`;
  const wrong = [
    [],
    [basic("ci:wrong")],
    [basic("other:p:ss wörd")],
    ["Proxy-Authorization: Bearer x"],
    ["Proxy-Authorization: Basic !"],
  ];
  for (const fields of wrong) {
    const answer = await one.request(`GET ${origin.url}/`, fields);
    assert.equal(answer.status, 407);
    assert.match(answer.headers.get("proxy-authenticate") ?? "", /^Basic realm="Sallyport"/);
  }
  assert.equal((await one.request(`GET ${origin.url}/`, [basic("ci:p:ss wörd")])).status, 200);
  await (await Client.open(t, at)).tunnel(origin.authority, [basic("ci:p:ss wörd")]);
  assert.equal((await (await Client.open(t, at)).request(`CONNECT ${origin.authority}`)).status, 407);
  assert.equal(origin.requests.length, 1);
  assert.equal(origin.requests[0]!.headers["proxy-authorization"], undefined);
});

test("a client beyond the limit of connections is turned away, and the others stay", async (t) => {
  const { at, warnings } = await startProxy(t, { limits: { connections: 2 } });
  const origin = await startOrigin(t);
  const [one, two] = [await Client.open(t, at), await Client.open(t, at)];
  assert.equal((await one.request(`GET ${origin.url}/`)).status, 200);
  assert.equal((await two.request(`GET ${origin.url}/`)).status, 200);
  const third = await Client.open(t, at).then(
    (client) => client.over(),
    (error: NodeJS.ErrnoException) => error.code,
  );
  assert.equal(third, "ECONNRESET");
  assert.ok(warnings().some((message) => message.startsWith("2 connections are open")));
  two.socket.destroy();
  await until(() => two.ended);
  assert.equal((await one.request(`GET ${origin.url}/`)).status, 200);
});
