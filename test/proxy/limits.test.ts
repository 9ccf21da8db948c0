import assert from "node:assert/strict";
import { once } from "node:events";
import type { Socket } from "node:net";
import { describe, type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { startDemoParent } from "../../src/demo/parent.ts";
import { until } from "../parents/parent-at.ts";
import { Client } from "./client.ts";
import type { SettingsTest } from "./settings.ts";
import { startOrigin, startProxy, startService } from "./stage.ts";

async function bothWays(
  t: TestContext,
  timeouts: NonNullable<SettingsTest["timeouts"]>,
  run: (client: () => Promise<Client>) => Promise<void>,
) {
  const parent = await startDemoParent();
  t.after(() => parent.stop());
  for (const parents of [[parent.url], []]) {
    const { at } = await startProxy(t, { parents, timeouts });
    await run(() => Client.open(t, at));
  }
}

// They wait for limits, side by side.
describe("limits", { concurrency: true }, () => {
  test("an upload may take longer than an answer may be waited for, while its bytes flow", async (t) => {
    await bothWays(t, { answer: 100, response: 300 }, async (client) => {
      const origin = await startOrigin(t);
      const one = await client();
      one.send(`POST ${origin.url}/`, ["Content-Length: 80"]);
      for (let i = 0; i < 8; i++) {
        one.write("x".repeat(10));
        await delay(80);
      }
      assert.equal((await one.answer()).body, "POST / 80");
    });
  });

  test("a body that stops coming is a 408 after the idle limit, and the origin sees it break off", async (t) => {
    await bothWays(t, { idle: 200 }, async (client) => {
      const origin = await startOrigin(t);
      const broken = once(origin.server, "request").then(([request]) => once(request, "error"));
      const one = await client();
      one.send(`POST ${origin.url}/`, ["Content-Length: 80"], "half");
      const answer = await one.answer();
      assert.equal(answer.status, 408);
      assert.match(answer.body, /from the program to Sallyport/);
      await broken;
      assert.deepEqual(origin.requests, []);
    });
  });

  test("a body that stops coming is said to be the client's doing when the answer's limit comes first", async (t) => {
    await bothWays(t, { response: 200, answer: 100 }, async (client) => {
      const origin = await startOrigin(t);
      const one = await client();
      one.send(`POST ${origin.url}/`, ["Content-Length: 80"], "half");
      assert.equal((await one.answer()).status, 408);
    });
  });

  test("an answer whose body stops coming breaks the client's connection after the idle limit", async (t) => {
    await bothWays(t, { idle: 200 }, async (client) => {
      const service = await startService(t, (socket) => {
        socket.on("data", () => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf"));
        socket.on("end", () => socket.end());
      });
      const one = await client();
      one.send(`GET http://${service.authority}/`);
      await until(() => one.text.endsWith("half"));
      assert.equal(await one.over(), "ECONNRESET");
      await until(() => service.sockets.size === 0);
    });
  });

  test("a body that comes slowly, in either direction, is not idle", async (t) => {
    await bothWays(t, { idle: 300 }, async (client) => {
      const origin = await startOrigin(t, async (_request, response) => {
        for (let i = 0; i < 6; i++) {
          response.write("x");
          await delay(80);
        }
        response.end();
      });
      assert.equal((await (await client()).request(`GET ${origin.url}/`)).body, "xxxxxx");
    });
  });

  test("an idle tunnel ends after its limit, and one that is used does not", async (t) => {
    await bothWays(t, { idle: 300 }, async (client) => {
      const sockets: Socket[] = [];
      const service = await startService(t, (socket) => {
        sockets.push(socket);
        socket.pipe(socket);
      });
      const used = await (await client()).tunnel(service.authority);
      const idle = await (await client()).tunnel(service.authority);
      const over = idle.over();
      for (let i = 0; i < 6; i++) {
        await used.echo("x");
        await delay(80);
      }
      await over;
      await used.echo("still here");
      used.socket.destroy();
      await until(() => sockets.every((one) => one.destroyed));
    });
  });

  test("an origin that never answers is given up after the longest wait: 504, and its parent stays well", async (t) => {
    await bothWays(t, { answer: 100, response: 400 }, async (client) => {
      const origin = await startOrigin(t, () => {});
      const one = await client();
      const answer = await one.request(`GET ${origin.url}/`);
      assert.equal(answer.status, 504);
      assert.match(answer.headers.get("proxy-status") ?? "", /error=http_response_timeout/);
    });
  });
});
