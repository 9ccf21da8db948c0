import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, Socket } from "node:net";
import { test } from "node:test";
import { acceptWire, canAdopt } from "../../src/wire/accept.ts";
import type { Wire } from "../../src/wire/wire.ts";
import { Collected, closed, listen, until } from "./sockets.ts";

test("this Node.js lets an accepted connection read into a reused buffer", async () => {
  assert.equal(await canAdopt(), true);
});

for (const way of ["adopted", "fallback"] as const) {
  test(`${way}: the server counts the connection until it is closed, and then can close itself`, async (context) => {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
    const address = await listen(context, server);
    const count = () => new Promise((resolve) => server.getConnections((_, number) => resolve(number)));
    const accepted = new Promise<Wire>((resolve) =>
      server.once("connection", (socket) => resolve(acceptWire(socket, way === "adopted"))),
    );
    const peer = connect(address);
    const wire = await accepted;
    assert.equal(await count(), 1);
    assert.equal(wire.socket.remoteAddress, "127.0.0.1");
    assert.equal(wire.socket.remotePort, peer.localPort);
    const done = once(server, "close");
    server.close();
    wire.destroy();
    await done;
    assert.equal(await count(), 0);
    peer.destroy();
  });

  test(`${way}: bytes and a break that came before the wire was made are not lost`, async (context) => {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
    const address = await listen(context, server);
    const accepted = once(server, "connection");
    const peer = connect(address);
    peer.on("error", () => {});
    peer.end("sent at once");
    const [socket] = (await accepted) as [Socket];
    await until(() => peer.writableFinished);
    const wire = acceptWire(socket, way === "adopted");
    const reader = new Collected();
    wire.read(reader);
    assert.equal(await reader.ended(), "sent at once");
    wire.end();
    peer.resume();
    assert.equal(await closed(wire), undefined);
  });

  test(`${way}: a socket that is destroyed already makes a wire that is closed`, async () => {
    const socket = new Socket();
    socket.destroy();
    const wire = acceptWire(socket, way === "adopted");
    assert.equal(wire.closed, true);
    wire.read(new Collected());
    assert.equal(await closed(wire), undefined);
  });
}
