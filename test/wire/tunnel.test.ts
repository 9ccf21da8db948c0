import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import type { Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { IdleWatch } from "../../src/wire/idle.ts";
import { type TunnelEnd, tunnel } from "../../src/wire/tunnel.ts";
import type { Wire } from "../../src/wire/wire.ts";
import { type Kind, matrix, pairs, received, turn, until, type Way } from "./sockets.ts";

interface Joined {
  /** The program's side and the server's side of the tunnel. */
  readonly client: Socket;
  readonly server: Socket;
  readonly a: Wire;
  readonly b: Wire;
  readonly end: Promise<TunnelEnd>;
  readonly abort: AbortController;
}

async function joined(
  context: TestContext,
  how: { way: Way; kind: Kind },
  idle = new IdleWatch(0),
): Promise<() => Promise<Joined>> {
  const make = await pairs(context, how.kind, how.way);
  // The other side is TCP, whose resets and buffers are the harder ones.
  const makeOther = await pairs(context, "tcp", how.way);
  return async () => {
    const [one, other] = await Promise.all([make(), makeOther()]);
    const abort = new AbortController();
    const end = tunnel(one.wire, other.wire, idle, abort.signal);
    return { client: one.peer, server: other.peer, a: one.wire, b: other.wire, end, abort };
  };
}

const MIB = 1024 * 1024;
const payload = randomBytes(24 * MIB);
const digest = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

/** Sizes of writes: whole, on the borders of the read buffers, tiny, and mixed. */
const shapes: Readonly<Record<string, readonly number[]>> = {
  whole: [24 * MIB],
  "512 KiB and a byte": [512 * 1024 + 1],
  "64 KiB": [64 * 1024],
  "around 4 KiB": [4095, 4096, 4097, 1],
  mixed: [1, 700_000, 3, 16_384, 131_072, 40, 32_768, 1_000_000, 5],
};

async function send(socket: Socket, bytes: Buffer, sizes: readonly number[]): Promise<void> {
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const to = Math.min(bytes.length, at + sizes[i % sizes.length]!);
    if (!socket.write(bytes.subarray(at, to))) await once(socket, "drain");
    at = to;
  }
}

/** Reads to the end, and stops for a moment again and again when it is to be slow. */
async function digestOf(socket: Socket, slow: boolean): Promise<{ hash: string; length: number }> {
  const hash = createHash("sha256");
  let length = 0;
  let stops = 0;
  socket.resume();
  socket.on("data", (chunk: Buffer) => {
    hash.update(chunk);
    length += chunk.length;
    if (slow && length > (stops + 1) * MIB) {
      stops++;
      socket.pause();
      setTimeout(() => socket.resume(), 2);
    }
  });
  await once(socket, "end");
  return { hash: hash.digest("hex"), length };
}

const expected = { hash: digest(payload), length: payload.length };

for (const how of matrix) {
  for (const [shape, sizes] of Object.entries(shapes))
    for (const slow of [false, true])
      test(`${how.name}: 24 MiB both ways at once are whole (writes: ${shape}${slow ? ", slow readers" : ""})`, async (context) => {
        const { client, server, end } = await (await joined(context, how))();
        // Tiny writes of all of it would only measure Node.js.
        const bytes = shape === "around 4 KiB" ? payload.subarray(0, 4 * MIB) : payload;
        const wanted = { hash: bytes === payload ? expected.hash : digest(bytes), length: bytes.length };
        const [down, up] = await Promise.all([
          digestOf(client, slow),
          digestOf(server, slow),
          send(client, bytes, sizes).then(() => client.end()),
          send(server, bytes, sizes).then(() => server.end()),
        ]);
        assert.deepEqual(down, wanted);
        assert.deepEqual(up, wanted);
        assert.deepEqual(await end, { up: bytes.length, down: bytes.length, error: undefined });
      });

  for (const first of ["server", "client"] as const)
    test(`${how.name}: ${first} finishes first and the other direction goes on to its own end`, async (context) => {
      const sides = await (await joined(context, how))();
      const [early, late] = first === "server" ? [sides.server, sides.client] : [sides.client, sides.server];
      const atLate = received(late);
      const atEarly = digestOf(early, false);
      early.end("that is all");
      assert.equal((await atLate).toString(), "that is all");
      await turn(10);
      await send(late, payload, [1_000_000]);
      late.end();
      assert.deepEqual(await atEarly, expected);
      const { error, up, down } = await sides.end;
      assert.equal(error, undefined);
      assert.equal(up + down, payload.length + "that is all".length);
    });

  test(`${how.name}: what was sent before the tunnel was joined goes first`, async (context) => {
    const { wire, peer } = await (await pairs(context, how.kind, how.way))();
    const other = await (await pairs(context, "tcp", how.way))();
    peer.end("early ");
    await until(() => wire.hasRest && wire.ended);
    const end = tunnel(wire, other.wire, new IdleWatch(0), new AbortController().signal);
    assert.equal((await received(other.peer)).toString(), "early ");
    other.peer.end();
    peer.resume();
    assert.equal((await end).error, undefined);
  });

  test(`${how.name}: a sink that does not read stops the source, with bounded memory, and loses nothing`, async (context) => {
    const { client, server, a, b, end } = await (await joined(context, how))();
    const big = Buffer.alloc(48 * MIB, "x");
    server.pause();
    client.end(big);
    let seen = -1;
    while (a.socket.bytesRead !== seen) {
      seen = a.socket.bytesRead;
      await turn(30);
    }
    assert.ok(seen < 24 * MIB, `${seen} bytes were read for a sink that reads none`);
    assert.ok(b.socket.writableLength <= 512 * 1024, `${b.socket.writableLength} bytes are in memory`);
    const all = digestOf(server, true);
    assert.equal((await all).length, big.length);
    server.end();
    client.resume();
    assert.equal((await end).error, undefined);
  });

  // A Unix socket knows no reset: neither can it break so, nor be told.
  for (const from of how.kind === "unix" ? ([] as const) : (["server", "client"] as const))
    test(`${how.name}: a reset by the ${from} reaches the other side as a break, not as a clean end`, async (context) => {
      const { client, server, end } = await (await joined(context, how))();
      const [breaks, other] = from === "server" ? [server, client] : [client, server];
      other.on("end", () => assert.fail("the break looked like a clean end"));
      const arrived = once(other, "data");
      breaks.write("half of it");
      await arrived;
      const broken = new Promise((resolve) => other.on("error", resolve));
      breaks.resetAndDestroy();
      assert.equal(((await broken) as NodeJS.ErrnoException).code, "ECONNRESET");
      assert.equal(((await end).error as NodeJS.ErrnoException).code, "ECONNRESET");
    });

  test(`${how.name}: a reset while the other side has much unread ends the tunnel`, async (context) => {
    const { client, server, a, b, end } = await (await joined(context, how))();
    client.pause();
    server.write(payload);
    await until(() => b.held);
    server.resetAndDestroy();
    // Held wires do not read: the break is seen at the latest when the tunnel is ended.
    client.destroy();
    assert.ok((await end).error !== undefined || a.closed);
    await until(() => a.closed && b.closed);
    assert.equal(a.held, false);
  });

  test(`${how.name}: a sink that is destroyed with a write pending releases the source`, async (context) => {
    const { client, server, a, b, end } = await (await joined(context, how))();
    server.pause();
    client.write(payload);
    await until(() => a.held);
    b.destroy();
    await end;
    await until(() => !a.held);
    assert.equal(a.closed && b.closed, true);
    client.destroy();
  });

  test(`${how.name}: the signal ends a tunnel at once, pending writes or not`, async (context) => {
    const make = await joined(context, how);
    const quiet = await make();
    quiet.abort.abort();
    assert.match(String((await quiet.end).error), /was ended/);
    const busy = await make();
    busy.server.pause();
    busy.client.write(payload);
    await until(() => busy.a.held);
    busy.abort.abort();
    await busy.end;
    const ending = await make();
    ending.client.end();
    await until(() => ending.a.ended);
    ending.abort.abort();
    await ending.end;
  });

  test(`${how.name}: a silent tunnel is ended by the idle watch, a busy one is not`, async (context) => {
    context.mock.timers.enable({ apis: ["setInterval"] });
    const make = await joined(context, how, new IdleWatch(1000));
    const [silent, busy] = [await make(), await make()];
    busy.server.resume();
    for (let i = 0; i < 8; i++) {
      const before = busy.a.socket.bytesRead;
      busy.client.write("x");
      await until(() => busy.a.socket.bytesRead > before);
      context.mock.timers.tick(250);
    }
    assert.match(String((await silent.end).error), /was ended/);
    assert.equal(busy.a.closed, false);
    busy.abort.abort();
    await busy.end;
  });
}

for (const way of ["adopted", "fallback"] as const)
  test(`${way}: seven thousand short tunnels leave no wire, no listener and no memory behind`, async (context) => {
    const signal = new AbortController().signal;
    const idle = new IdleWatch(60_000);
    const make = await pairs(context, "tcp", way);
    const wires: WeakRef<Wire>[] = [];
    const heap: number[] = [];
    const buffers: number[] = [];
    let listeners = 0;
    // By hand, since a mock would keep every listener that it was called with.
    signal.addEventListener = () => void listeners++;
    signal.removeEventListener = () => void listeners--;
    for (let round = 0; round < 36; round++) {
      for (let i = 0; i < 10; i++) await Promise.all(Array.from({ length: 20 }, one));
      await turn();
      collectGarbage();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      heap.push(heapUsed);
      buffers.push(arrayBuffers);
    }
    assert.equal(listeners, 0);
    // What the last turns of the loop and the spare buffers hold may stay.
    const left = wires.filter((wire) => wire.deref() !== undefined).length;
    assert.ok(left < 100, `${left} of ${wires.length} wires are still there`);
    // The least of several rounds, since memory of buffers is swept some time after its collection; and only after the
    // spare buffers are filled, which takes some ten rounds.
    const growth = (used: number[]) => Math.min(...used.slice(-8)) - Math.min(...used.slice(14, 22));
    assert.ok(growth(heap) < 3 * MIB, `3,000 tunnels left ${growth(heap)} bytes on the heap`);
    // Two read buffers for each tunnel would be 24 MiB; when buffers are swept is up to the engine.
    assert.ok(growth(buffers) < 16 * MIB, `3,000 tunnels left ${growth(buffers)} bytes in buffers`);

    async function one(): Promise<void> {
      const [a, b] = await Promise.all([make(), make()]);
      wires.push(new WeakRef(a.wire), new WeakRef(b.wire));
      const end = tunnel(a.wire, b.wire, idle, signal);
      const reply = received(a.peer);
      const request = received(b.peer);
      a.peer.end("request");
      assert.equal((await request).toString(), "request");
      b.peer.end(Buffer.alloc(20_000));
      assert.equal((await reply).length, 20_000);
      assert.deepEqual(await end, { up: 7, down: 20_000, error: undefined });
      assert.equal(a.wire.closed && b.wire.closed, true);
    }
  });

function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
}
