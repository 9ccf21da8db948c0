import assert from "node:assert/strict";
import { createServer } from "node:net";
import { type TestContext, test } from "node:test";
import { ListenError } from "../../src/core/errors.ts";
import { startDemoParent } from "../../src/demo/parent.ts";
import { temporaryFolder } from "../parents/identity.ts";
import { until } from "../parents/parent-at.ts";
import { Client } from "./client.ts";
import { makeSettings, type SettingsTest } from "./settings.ts";
import { startOrigin, startProxy, startService } from "./stage.ts";

async function stage(t: TestContext, input: SettingsTest = {}) {
  const parent = await startDemoParent();
  t.after(() => parent.stop());
  const folder = temporaryFolder(t);
  const proxy = await startProxy(t, { parents: [parent.url], folder, ...input });
  const { port } = proxy.at as { port: number };
  return {
    ...proxy,
    parent,
    folder,
    client: () => Client.open(t, proxy.at),
    /** The same listener and state, other settings. */
    reload: (other: SettingsTest = {}) =>
      proxy.server.reload(
        makeSettings(t, {
          parents: [parent.url],
          ...input,
          listen: [`127.0.0.1:${port}`],
          folder,
          ...other,
        }),
      ),
  };
}

test("a reload drops nobody: tunnels, requests on their way and waiting clients go on", async (t) => {
  let answer = () => {};
  const origin = await startOrigin(t, (request, response) => {
    if (request.url === "/slow") answer = () => response.end("late");
    else response.end("now");
  });
  const service = await startService(t);
  const { client, reload, told } = await stage(t);
  const tunnel = await (await client()).tunnel(service.authority);
  const kept = await client();
  assert.equal((await kept.request(`GET ${origin.url}/`)).body, "now");
  const slow = await client();
  slow.send(`GET ${origin.url}/slow`);
  await until(() => origin.requests.length === 2);
  const half = await client();
  half.write(`GET ${origin.url}/ HTTP/1.1\r\n`);
  for (let i = 0; i < 3; i++) await reload({ timeouts: { answer: 2000 + i } });
  await tunnel.echo("still here");
  assert.equal((await kept.request(`GET ${origin.url}/`)).body, "now");
  answer();
  assert.equal((await slow.answer()).body, "late");
  half.write("Host: x\r\n\r\n");
  assert.equal((await half.answer()).body, "now");
  assert.equal(told.filter((one) => one.name === "reloaded").length, 3);
});

test("new settings hold from the next request on, on connections that are open as well", async (t) => {
  const origin = await startOrigin(t);
  const other = await startDemoParent();
  t.after(() => other.stop());
  const { client, reload, requests, parent } = await stage(t);
  const one = await client();
  await one.request(`GET ${origin.url}/`);
  await reload({ parents: [other.url] });
  await one.request(`GET ${origin.url}/`);
  await reload({ parents: [], password: undefined });
  await one.request(`GET ${origin.url}/`);
  await reload({ proxy: 'deny = ["127.0.0.1"]' });
  assert.equal((await one.request(`GET ${origin.url}/`)).status, 403);
  assert.deepEqual(
    requests().map((record) => record.via),
    [parent.address, other.address, "direct", undefined],
  );
});

test("the pool of a parent that stays the same is kept, and that of one that goes is closed", async (t) => {
  const origin = await startOrigin(t);
  const { client, reload, parent, requests } = await stage(t);
  const one = await client();
  await one.request(`GET ${origin.url}/`);
  await reload({ proxy: 'no_proxy = "intranet.example"' });
  await one.request(`GET ${origin.url}/`);
  const { roundTrips, connections } = requests().at(-1)!;
  assert.deepEqual([roundTrips, connections, parent.counters.logonsAccepted], [1, 0, 1]);
  await reload({ parents: [] });
  await until(() => parent.counters.open === 0);
  assert.equal((await one.request(`GET ${origin.url}/`)).status, 200);
  assert.equal(parent.counters.logonsAccepted, 1);
});

test("a password that is corrected is tried at once, without a restart", async (t) => {
  const origin = await startOrigin(t);
  const { client, reload, parent } = await stage(t, { password: "wrong" });
  const one = await client();
  for (let i = 0; i < 3; i++) assert.equal((await one.request(`GET ${origin.url}/`)).status, 502);
  await reload({ password: "S3cret-pass" });
  assert.equal((await one.request(`GET ${origin.url}/`)).status, 200);
  assert.equal(parent.counters.logonsRefused, 1);
});

test("a reload that fails leaves everything as it was", async (t) => {
  const origin = await startOrigin(t);
  const { client, reload, server, addresses, requests, parent } = await stage(t);
  const taken = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => taken.once("listening", resolve));
  t.after(() => taken.close());
  const { port } = taken.address() as { port: number };
  await assert.rejects(reload({ listen: [`127.0.0.1:${port}`], parents: [] }), ListenError);
  assert.deepEqual(server.addresses(), addresses);
  assert.equal((await (await client()).request(`GET ${origin.url}/`)).status, 200);
  assert.equal(requests().at(-1)!.via, parent.address);
});

test("a connection that an old request gives back after the reload is not kept for ever", async (t) => {
  let answer = () => {};
  const origin = await startOrigin(t, (_request, response) => {
    answer = () => response.end("late");
  });
  // Only the proxy closes it.
  origin.server.keepAliveTimeout = 0;
  let open = 0;
  origin.server.on("connection", (socket) => {
    open++;
    socket.once("close", () => open--);
  });
  const { client, reload } = await stage(t, { parents: [] });
  const one = await client();
  one.send(`GET ${origin.url}/`);
  await until(() => origin.requests.length === 1);
  await reload({ timeouts: { answer: 2001 } });
  answer();
  assert.equal((await one.answer()).body, "late");
  await until(() => open === 0);
});
