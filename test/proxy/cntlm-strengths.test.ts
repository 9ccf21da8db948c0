import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { request as httpRequest } from "node:http";
import { connect as netConnect } from "node:net";
import { type TestContext, test } from "node:test";
import { startDemoParent } from "../../src/demo/parent.ts";
import { until } from "../parents/parent-at.ts";
import { Client } from "./client.ts";
import { startOrigin, startProxy, startService } from "./stage.ts";

// What 15 lists: what cntlm does well, and Sallyport must too, through an NTLM parent and direct.

async function bothWays(
  t: TestContext,
  run: (client: () => Promise<Client>, port: number) => Promise<void>,
): Promise<void> {
  const parent = await startDemoParent();
  t.after(() => parent.stop());
  for (const parents of [[parent.url], []]) {
    const { at } = await startProxy(t, { parents });
    await run(() => Client.open(t, at), (at as { port: number }).port);
  }
}

test("15: a chunked POST with trailers arrives whole, and so does such an answer", async (t) => {
  await bothWays(t, async (client) => {
    const origin = await startOrigin(t, async (request, response, body) => {
      const text = await body();
      response.writeHead(200, { trailer: "X-Sum" });
      response.write(text);
      response.addTrailers({ "X-Sum": String(request.trailers["x-sum"]) });
      response.end();
    });
    const one = await client();
    one.send(
      `POST ${origin.url}/`,
      ["Transfer-Encoding: chunked", "Trailer: X-Sum"],
      "5;ext=1\r\nhello\r\n6\r\n world\r\n0\r\nX-Sum: 11\r\n\r\n",
    );
    const trailer = "0\r\nX-Sum: 11\r\n\r\n";
    await until(() => one.text.endsWith(trailer));
    assert.equal((await one.answer()).body, "hello world");
    assert.equal((await one.request(`GET ${origin.url}/`)).status, 200);
  });
});

test("15: 20 MB go up and come down, byte for byte", async (t) => {
  const bytes = randomBytes(20_000_000);
  const digest = (data: Buffer) => createHash("sha256").update(data).digest("hex");
  await bothWays(t, async (_client, port) => {
    const origin = await startService(t, (socket) => {
      const parts: Buffer[] = [];
      let length = 0;
      socket.on("data", (chunk: Buffer) => {
        parts.push(chunk);
        length += chunk.length;
        const at = length > bytes.length ? Buffer.concat(parts).indexOf("\r\n\r\n") : -1;
        if (at < 0 || length < at + 4 + bytes.length) return;
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${bytes.length}\r\n\r\n`);
        socket.write(Buffer.concat(parts).subarray(at + 4));
      });
    });
    const got = await new Promise<Buffer>((resolve, reject) => {
      const options = {
        port,
        host: "127.0.0.1",
        method: "POST",
        path: `http://${origin.authority}/`,
        agent: false,
      };
      const sent = httpRequest(options, (response) => {
        const parts: Buffer[] = [];
        response.on("data", (chunk: Buffer) => parts.push(chunk));
        response.on("end", () => resolve(Buffer.concat(parts)));
      });
      sent.on("error", reject);
      sent.setHeader("Content-Length", bytes.length);
      sent.end(bytes);
    });
    assert.equal(digest(got), digest(bytes));
  });
});

test("15: events of a stream come one by one, without waiting for the next", async (t) => {
  await bothWays(t, async (client) => {
    let push = (_text: string) => {};
    const origin = await startOrigin(t, (_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      push = (text) => response.write(text);
      push("data: 0\n\n");
    });
    const one = await client();
    one.send(`GET ${origin.url}/events`);
    for (let i = 0; i < 3; i++) {
      await until(() => one.text.includes(`data: ${i}`));
      push(`data: ${i + 1}\n\n`);
    }
    one.socket.destroy();
  });
});

test("15: 204, 304 and HEAD have no body, and the connection goes on", async (t) => {
  await bothWays(t, async (client) => {
    const origin = await startOrigin(t, (request, response) => {
      const status = Number(request.url!.slice(1)) || 200;
      response.writeHead(status, status === 304 ? { etag: '"1"', "content-length": "77" } : {});
      response.end(status === 200 ? "body" : undefined);
    });
    const one = await client();
    for (let i = 0; i < 2; i++) {
      assert.equal((await one.request(`GET ${origin.url}/204`)).status, 204);
      const unchanged = await one.request(`GET ${origin.url}/304`);
      assert.deepEqual([unchanged.status, unchanged.headers.get("content-length")], [304, "77"]);
      assert.equal((await one.request(`HEAD ${origin.url}/`)).status, 200);
      assert.equal((await one.request(`GET ${origin.url}/`)).body, "body");
    }
  });
});

test("15: heads of 60 kB, 500 fields and repeated fields pass in both directions", async (t) => {
  await bothWays(t, async (client) => {
    const origin = await startOrigin(t, (request, response) => {
      const { rawHeaders } = request;
      const echoed: [string, string][] = [];
      for (let i = 0; i < rawHeaders.length; i += 2)
        if (/^x-/i.test(rawHeaders[i]!)) echoed.push([rawHeaders[i]!, rawHeaders[i + 1]!]);
      response.writeHead(200, echoed.flat()).end("x");
    });
    Object.assign(origin.server, { maxHeadersCount: 0 });
    const one = await client();
    const many = Array.from({ length: 500 }, (_, i) => `X-${i}: ${i}`);
    const repeated = ["X-Twice: one", "X-Twice: two"];
    for (const fields of [many, repeated]) {
      const { head } = await one.request(`GET ${origin.url}/`, fields);
      for (const field of fields) assert.ok(head.includes(`${field}\r\n`), field);
    }
  });
  const big = await startService(t, (socket) => {
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk;
      if (!text.includes("\r\n\r\n")) return;
      const field = /^X-Big: (x+)\r$/m.exec(text)?.[1] ?? "";
      text = "";
      socket.write(
        `HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Length: ${field.length}\r\nX-Big: ${field}\r\n\r\n`,
      );
    });
  });
  await bothWays(t, async (client) => {
    const answer = await (await client()).request(`GET http://${big.authority}/`, [
      `X-Big: ${"x".repeat(60_000)}`,
    ]);
    assert.equal(answer.headers.get("x-length"), "60000");
    assert.equal(answer.headers.get("x-big")?.length, 60_000);
  });
});

test("15: what a client sends right behind its CONNECT is not lost, nor what a server says first", async (t) => {
  const echo = await startService(t);
  const banner = await startService(t, (socket) => {
    socket.write("220 ready\r\n");
    socket.pipe(socket);
  });
  await bothWays(t, async (client) => {
    const one = await client();
    one.send(`CONNECT ${echo.authority}`, [], "early data");
    assert.equal((await one.answer()).status, 200);
    await one.expect("early data");
    const two = await (await client()).tunnel(banner.authority);
    await two.expect("220 ready\r\n");
    await two.echo("ehlo");
  });
});

test("15: a request that comes byte by byte is a request", async (t) => {
  await bothWays(t, async (client) => {
    const origin = await startOrigin(t);
    const one = await client();
    const text = `POST ${origin.url}/d HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`;
    for (const byte of text) {
      one.write(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal((await one.answer()).body, "POST /d 3");
  });
});

test("15: a WebSocket's bytes pass after the switch of protocols", async (t) => {
  const origin = await startOrigin(t);
  origin.server.on("upgrade", (request, socket) => {
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${request.headers.upgrade}\r\n\r\n`,
    );
    socket.on("error", () => {});
    socket.pipe(socket);
  });
  // A parent gets such a request as a CONNECT; direct it may come as it is.
  const { at } = await startProxy(t);
  const one = await Client.open(t, at);
  const answer = await one.request(`GET ${origin.url}/chat`, ["Connection: Upgrade", "Upgrade: websocket"]);
  assert.equal(answer.status, 101);
  await one.echo("frame");
});

test("15: a reader that is slow slows its server down, and nothing piles up in between", async (t) => {
  await bothWays(t, async (_client, port) => {
    let sent = 0;
    const service = await startService(t, (socket) => {
      const block = Buffer.alloc(64 * 1024);
      const pump = () => {
        while (sent < 200_000_000 && socket.write(block)) sent += block.length;
      };
      socket.on("drain", pump);
      pump();
    });
    const socket = netConnect(port, "127.0.0.1");
    t.after(() => socket.destroy());
    socket.write(`CONNECT ${service.authority} HTTP/1.1\r\nHost: x\r\n\r\n`);
    await new Promise((resolve) => socket.once("readable", resolve));
    let before = -1;
    // Until nothing moves any more: every buffer between the two is full.
    for (let still = 0; still < 50; still = sent === before ? still + 1 : 0) {
      before = sent;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    assert.ok(sent < 60_000_000, `${sent} bytes were taken from the server`);
    socket.destroy();
  });
});
