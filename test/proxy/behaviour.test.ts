import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { startDemoParent } from "../../src/demo/parent.ts";
import type { DemoParentOptions } from "../../src/demo/parent-options.ts";
import { temporaryFolder } from "../parents/identity.ts";
import { Client } from "./client.ts";
import { placeOf, startOrigin, startProxy, startService } from "./stage.ts";

const hasIPv6 = existsSync("/proc/net/if_inet6") && readFileSync("/proc/net/if_inet6", "utf8") !== "";

/** Every parent, by what it is for the client: nothing of it may be seen. */
const parents: Readonly<Record<string, DemoParentOptions | undefined>> = {
  direct: undefined,
  open: { auth: "none" },
  basic: { auth: "basic" },
  "ntlm, Connection": { keepAliveHeader: "connection" },
  "ntlm, Proxy-Connection": { keepAliveHeader: "proxy-connection" },
  "ntlm, both": { keepAliveHeader: "both" },
  "ntlm, neither": { keepAliveHeader: "none" },
};

const listeners: Readonly<Record<string, (t: TestContext) => string>> = {
  tcp4: () => "127.0.0.1:0",
  ...(hasIPv6 ? { tcp6: () => "[::1]:0" } : {}),
  unix: (t) => `unix:${join(temporaryFolder(t), "sallyport.sock")}`,
};

for (const [listener, listen] of Object.entries(listeners))
  for (const [name, options] of Object.entries(parents))
    describe(`${listener}, ${name}:`, { concurrency: true }, () => {
      const stage = async (t: TestContext) => {
        const corp = options && (await startDemoParent(options));
        if (corp) t.after(() => corp.stop());
        const proxy = await startProxy(t, { listen: [listen(t)], parents: corp ? [corp.url] : [] });
        const client = () => Client.open(t, placeOf(proxy.addresses[0]!));
        return { corp, proxy, client, origin: await startOrigin(t) };
      };

      test("CONNECT opens a tunnel that carries bytes both ways", async (t) => {
        const { client } = await stage(t);
        const { authority } = await startService(t);
        for (let i = 0; i < 2; i++) {
          const one = await (await client()).tunnel(authority);
          await one.echo("ping");
          await one.echo("x".repeat(300_000));
          one.socket.end();
          assert.equal(await one.rest(), "");
        }
      });

      test("GET, HEAD and POST on one connection that stays", async (t) => {
        const { client, origin } = await stage(t);
        const one = await client();
        for (let i = 0; i < 2; i++) {
          assert.equal((await one.request(`GET ${origin.url}/a?b=c`)).body, "GET /a?b=c 0");
          assert.equal((await one.request(`HEAD ${origin.url}/a`)).status, 200);
          const post = await one.request(`POST ${origin.url}/p`, ["Content-Length: 5"], "12345");
          assert.equal(post.body, "POST /p 5");
        }
        const chunked = ["Transfer-Encoding: chunked"];
        const put = await one.request(`PUT ${origin.url}/c`, chunked, "5\r\n12345\r\n0\r\n\r\n");
        assert.equal(put.body, "PUT /c 5");
        for (const { headers } of origin.requests) {
          assert.equal(headers.host, origin.authority);
          for (const hidden of ["proxy-authorization", "proxy-connection"])
            assert.equal(headers[hidden], undefined);
        }
      });

      test("HTTP/1.0: the answer without chunked coding, and the connection's end after it", async (t) => {
        const { proxy, client } = await stage(t);
        const chunks = await startOrigin(t, (_request, response) => {
          response.write("one ");
          response.end("two");
        });
        const one = await client();
        one.write(`GET ${chunks.url}/ HTTP/1.0\r\n\r\n`);
        const answer = await one.answer();
        assert.equal(answer.body, "one two");
        assert.equal(answer.headers.get("transfer-encoding"), undefined);
        assert.equal(await one.over(), "end");
        assert.equal(proxy.server.gauges().tunnels, 0);
      });

      test("HTTP/1.0 with keep-alive keeps its connection", async (t) => {
        const { client, origin } = await stage(t);
        const one = await client();
        for (const field of ["Connection: keep-alive", "Proxy-Connection: keep-alive"]) {
          const answer = await one.request(`GET ${origin.url}/ HTTP/1.0`, [field, "Connection: keep-alive"]);
          assert.equal(answer.body, "GET / 0");
          assert.match(answer.headers.get("connection") ?? "", /keep-alive/i);
        }
      });

      test("the parent is signed in to as often as it must, and nothing is refused", async (t) => {
        const { client, corp, origin, proxy } = await stage(t);
        const one = await client();
        for (let i = 0; i < 5; i++) await one.request(`GET ${origin.url}/`);
        assert.equal(corp?.counters.logonsRefused ?? 0, 0);
        // The connection of the first request serves all five.
        assert.deepEqual(
          proxy.requests().map((record) => [record.status, record.via]),
          Array(5).fill([200, corp?.address ?? "direct"]),
        );
        assert.deepEqual(
          proxy
            .requests()
            .slice(1)
            .map((record) => [record.roundTrips, record.connections]),
          Array(4).fill([1, 0]),
        );
      });
    });
