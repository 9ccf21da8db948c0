/** Attacks that once worked: each is a test that is named after it. */
import assert from "node:assert/strict";
import { createServer, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { Client } from "./client.ts";
import { startOrigin, startProxy } from "./stage.ts";

/** A server that says exactly what an attack means. */
async function startRawServer(t: TestContext, serve: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `127.0.0.1:${(server.address() as { port: number }).port}`;
}

test("the body of a request that the proxy answers itself is never read as the next request", async (t) => {
  const proxy = await startProxy(t);
  const origin = await startOrigin(t);
  const smuggled = `GET ${origin.url}/smuggled HTTP/1.1\r\nHost: x\r\n\r\n`;
  for (const method of ["OPTIONS", "TRACE"]) {
    const client = await Client.open(t, proxy.at);
    client.socket.write(
      `${method} ${origin.url}/ HTTP/1.1\r\nHost: x\r\nMax-Forwards: 0\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
    );
    assert.equal((await client.answer()).status, 200);
    await client.over();
  }
  const both = await Client.open(t, proxy.at);
  both.socket.write(
    `TRACE ${origin.url}/ HTTP/1.1\r\nHost: x\r\nMax-Forwards: 0\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  );
  assert.equal((await both.answer()).status, 400);
  assert.deepEqual(origin.requests, []);
});

test("a server that sends interim answers without end is given up", async (t) => {
  const proxy = await startProxy(t);
  let socketOfServer: Socket | undefined;
  const server = await startRawServer(t, (socket) => {
    socketOfServer = socket;
    socket.once("data", () => {
      const flood = () => {
        while (
          !socket.destroyed &&
          socket.write("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n".repeat(100))
        );
      };
      socket.on("drain", flood);
      flood();
    });
  });
  const client = await Client.open(t, proxy.at);
  client.socket.write(`GET http://${server}/ HTTP/1.1\r\nHost: ${server}\r\n\r\n`);
  const answer = await client.answer();
  assert.equal(answer.status, 502);
  assert.ok(answer.interim.length <= 32);
  assert.match(answer.body, /interim answers/);
  assert.ok(socketOfServer);
});

test("a change of protocol that nobody asked for is no way past the gate", async (t) => {
  const proxy = await startProxy(t);
  let after = "";
  const server = await startRawServer(t, (socket) => {
    socket.once("data", () => {
      socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n");
      socket.on("data", (chunk) => {
        after += chunk.toString("latin1");
      });
    });
  });
  const client = await Client.open(t, proxy.at);
  client.socket.write(`GET http://${server}/ HTTP/1.1\r\nHost: ${server}\r\n\r\n`);
  assert.equal((await client.answer()).status, 502);
  client.socket.write("raw bytes");
  client.socket.end();
  await client.over();
  assert.equal(after, "");
});

test("head and body of a small request leave in one segment", async (t) => {
  const proxy = await startProxy(t);
  const chunks: string[] = [];
  const server = await startRawServer(t, (socket) => {
    socket.on("data", (chunk) => {
      chunks.push(chunk.toString("latin1"));
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    });
  });
  const client = await Client.open(t, proxy.at);
  client.socket.write(`POST http://${server}/ HTTP/1.1\r\nHost: ${server}\r\nContent-Length: 4\r\n\r\nbody`);
  assert.equal((await client.answer()).body, "ok");
  assert.equal(chunks.length, 1);
  assert.match(chunks[0]!, /\r\n\r\nbody$/);
});
