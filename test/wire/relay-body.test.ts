import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { type TestContext, test } from "node:test";
import { BodyFault } from "../../src/http1/body.ts";
import type { Framing } from "../../src/http1/framing.ts";
import { type BodyOptions, relayBody } from "../../src/wire/relay-body.ts";
import {
  Collected,
  type Kind,
  matrix,
  type Pair,
  pairs,
  received,
  turn,
  until,
  type Way,
} from "./sockets.ts";

const MIB = 1024 * 1024;
const signal = new AbortController().signal;
const chunked: Framing = { kind: "chunked" };

async function two(context: TestContext, how: { kind: Kind; way: Way }): Promise<[Pair, Pair]> {
  const make = await pairs(context, how.kind, how.way);
  return [await make(), await make()];
}

/** Bytes with chunked coding, in chunks of odd sizes. */
function inChunks(bytes: Buffer, size: number): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    const part = bytes.subarray(at, at + size);
    parts.push(Buffer.from(`${part.length.toString(16)};x=y\r\n`), part, Buffer.from("\r\n"));
  }
  return Buffer.concat([...parts, Buffer.from("0\r\nTrailer: 1\r\n\r\n")]);
}

for (const how of matrix) {
  const cases: readonly [string, Framing, string, string, Partial<BodyOptions>?][] = [
    ["nothing", { kind: "none" }, "", ""],
    ["a length of zero", { kind: "length", length: 0 }, "", ""],
    ["a length", { kind: "length", length: 5 }, "hello", "hello"],
    ["chunked coding", chunked, "5\r\nhello\r\n0\r\nA: b\r\n\r\n", "5\r\nhello\r\n0\r\nA: b\r\n\r\n"],
    [
      "chunked coding, taken off",
      chunked,
      "2;a\r\nhe\r\n3\r\nllo\r\n0\r\nA: b\r\n\r\n",
      "hello",
      { plain: true },
    ],
    ["chunked coding of nothing, taken off", chunked, "0\r\n\r\n", "", { plain: true }],
  ];
  for (const [name, framing, sent, wanted, options] of cases)
    for (const head of [undefined, "HTTP/1.1 200 OK\r\nA: \xe9\r\n\r\n"])
      test(`${how.name}: a body of ${name} is passed to its last byte${head ? ", behind its head" : ""}`, async (context) => {
        const [from, to] = await two(context, how);
        from.peer.write(`${sent}NEXT`);
        const end = await relayBody(from.wire, to.wire, {
          framing,
          signal,
          ...options,
          ...(head === undefined ? {} : { head }),
        });
        assert.deepEqual(end, { kind: "whole" });
        to.wire.end();
        assert.equal((await received(to.peer)).toString("latin1"), (head ?? "") + wanted);
        const next = new Collected();
        from.wire.read(next);
        assert.equal(await next.atLeast(4), "NEXT");
      });

  test(`${how.name}: a body that the connection's end ends is whole with it, empty or not`, async (context) => {
    for (const sent of ["hello", ""]) {
      const [from, to] = await two(context, how);
      from.peer.end(sent);
      const end = await relayBody(from.wire, to.wire, { framing: { kind: "close" }, head: "H", signal });
      assert.deepEqual(end, { kind: "whole" });
      to.wire.end();
      assert.equal((await received(to.peer)).toString(), `H${sent}`);
    }
  });

  test(`${how.name}: head and first bytes leave in one write`, async (context) => {
    const [from, to] = await two(context, how);
    const write = context.mock.method(to.wire.socket, "write");
    from.peer.write("hello");
    await until(() => from.wire.hasRest);
    await relayBody(from.wire, to.wire, { framing: { kind: "length", length: 5 }, head: "HEAD", signal });
    assert.equal(write.mock.callCount(), 1);
    to.wire.end();
    assert.equal((await received(to.peer)).toString(), "HEADhello");
  });

  for (const plain of [false, true])
    for (const size of [999, 70_000, 3 * MIB])
      test(`${how.name}: 24 MiB in chunks of ${size} are whole for a slow reader${plain ? ", without their coding" : ""}`, async (context) => {
        const [from, to] = await two(context, how);
        const bytes = randomBytes(24 * MIB);
        const coded = inChunks(bytes, size);
        from.peer.write(coded);
        from.peer.end("NEXT");
        const hash = createHash("sha256");
        let length = 0;
        to.peer.on("data", (part: Buffer) => {
          hash.update(part);
          length += part.length;
          to.peer.pause();
          setImmediate(() => to.peer.resume());
        });
        const ended = new Promise((resolve) => to.peer.on("end", resolve));
        assert.deepEqual(await relayBody(from.wire, to.wire, { framing: chunked, plain, signal }), {
          kind: "whole",
        });
        to.wire.end();
        await ended;
        const wanted = plain ? bytes : coded;
        assert.equal(length, wanted.length);
        assert.equal(hash.digest("hex"), createHash("sha256").update(wanted).digest("hex"));
        const next = new Collected();
        from.wire.read(next);
        assert.equal(await next.ended(), "NEXT");
      });

  test(`${how.name}: a sink that does not read stops the source, with bounded memory`, async (context) => {
    const [from, to] = await two(context, how);
    from.peer.write(Buffer.alloc(48 * MIB));
    const abort = new AbortController();
    const end = relayBody(from.wire, to.wire, {
      framing: { kind: "length", length: 48 * MIB },
      signal: abort.signal,
    });
    let seen = -1;
    while (from.wire.socket.bytesRead !== seen) {
      seen = from.wire.socket.bytesRead;
      await turn(30);
    }
    assert.ok(seen < 24 * MIB, `${seen} bytes were read`);
    assert.ok(to.wire.socket.writableLength <= 512 * 1024);
    abort.abort();
    assert.deepEqual(await end, { kind: "stopped" });
    // The source is free once the sink is gone.
    to.wire.destroy();
    await until(() => !from.wire.held);
  });

  test(`${how.name}: a source that ends early is the source's fault, and its head is shown`, async (context) => {
    const [from, to] = await two(context, how);
    from.peer.end();
    const end = await relayBody(from.wire, to.wire, { framing: chunked, head: "HEAD", signal });
    assert.equal(end.kind, "source");
    to.wire.end();
    assert.equal((await received(to.peer)).toString(), "HEAD");
  });

  test(`${how.name}: a source that breaks in the middle is the source's fault`, async (context) => {
    const [from, to] = await two(context, how);
    const end = relayBody(from.wire, to.wire, { framing: { kind: "close" }, signal });
    from.peer.write("half");
    await until(() => to.wire.socket.bytesWritten === 4);
    from.wire.destroy();
    assert.equal((await end).kind, "source");
  });

  test(`${how.name}: wrong framing is the source's fault, and what went before it arrives as it was`, async (context) => {
    const [from, to] = await two(context, how);
    const good = randomBytes(24 * MIB);
    const end = relayBody(from.wire, to.wire, { framing: chunked, plain: true, signal });
    from.peer.write(`${good.length.toString(16)}\r\n`);
    from.peer.write(good);
    // What comes behind the fault must not overwrite what waits for a slow reader.
    from.peer.write(Buffer.concat([Buffer.from("\r\n5\r\nhelloX"), Buffer.alloc(4 * MIB, "!")]));
    to.peer.on("data", () => {
      to.peer.pause();
      setImmediate(() => to.peer.resume());
    });
    const got = received(to.peer);
    const result = await end;
    assert.ok(result.kind === "source" && result.error instanceof BodyFault);
    await turn(20);
    to.wire.end();
    const arrived = await got;
    assert.ok(arrived.subarray(0, good.length).equals(good));
    assert.equal(arrived.subarray(good.length).toString(), "hello");
  });

  test(`${how.name}: a sink that goes away is the sink's fault, before and during the body`, async (context) => {
    const [from, to] = await two(context, how);
    const during = relayBody(from.wire, to.wire, { framing: { kind: "close" }, signal });
    from.peer.write("x");
    await until(() => to.wire.socket.bytesWritten === 1);
    to.wire.destroy(new Error("gone"));
    const end = await during;
    assert.ok(end.kind === "sink" && end.error.message === "gone");
    const before = await relayBody(from.wire, to.wire, { framing: { kind: "close" }, head: "H", signal });
    assert.equal(before.kind, "sink");
    from.peer.write("y");
    await turn();
  });

  test(`${how.name}: a signal that has gone off already passes nothing`, async (context) => {
    const [from, to] = await two(context, how);
    const end = await relayBody(from.wire, to.wire, {
      framing: { kind: "close" },
      head: "H",
      signal: AbortSignal.abort(),
    });
    assert.deepEqual(end, { kind: "stopped" });
    assert.equal(to.wire.socket.bytesWritten, 0);
  });
}
