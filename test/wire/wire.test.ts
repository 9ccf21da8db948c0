import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import type { WireReader } from "../../src/wire/wire.ts";
import { Collected, closed, matrix, pairs, turn, until } from "./sockets.ts";

for (const { way, kind, name } of matrix) {
  test(`${name}: bytes come to the reader, and the end after them, once`, async (context) => {
    const { wire, peer } = await (await pairs(context, kind, way))();
    const reader = new Collected();
    wire.read(reader);
    peer.write("one");
    await reader.atLeast(3);
    peer.end("two");
    assert.equal(await reader.ended(), "onetwo");
    assert.equal(wire.ended, true);
    assert.equal(wire.closed, false);
    wire.end();
    assert.equal(await closed(wire), undefined);
    await turn();
    assert.equal(reader.ends, 1);
  });

  test(`${name}: what one reader leaves is the next one's, then the end`, async (context) => {
    const { wire, peer } = await (await pairs(context, kind, way))();
    peer.end("headbodynext");
    const seen: string[] = [];
    for (const size of [4, 4]) {
      await new Promise<void>((resolve) => {
        let missing = size;
        wire.read({
          data(bytes) {
            const used = Math.min(missing, bytes.length);
            seen.push(bytes.toString("latin1", 0, used));
            missing -= used;
            if (missing === 0) {
              wire.unread();
              resolve();
            }
            return used;
          },
          end: () => assert.fail("the end came before the rest"),
        });
      });
      // Both the bytes and the end are here, and nobody reads.
      await until(() => wire.ended);
    }
    assert.deepEqual(seen, ["head", "body"]);
    const last = new Collected();
    wire.read(last);
    assert.equal(last.text, "next");
    assert.equal(last.ends, 1);
  });

  test(`${name}: a reader may be changed within data, and nothing is lost, doubled or out of order`, async (context) => {
    const { wire, peer } = await (await pairs(context, kind, way))();
    const rest = new Collected();
    let first = "";
    const one: WireReader = {
      data(bytes) {
        first = bytes.toString("latin1", 0, 1);
        wire.read(rest);
        assert.equal(rest.length, 0);
        return 1;
      },
      end: () => {},
    };
    wire.read(one);
    peer.write("abc");
    assert.equal(await rest.atLeast(2), "bc");
    assert.equal(first, "a");
    // The same out of what is kept, with the end waiting behind it.
    wire.unread();
    peer.end("def");
    await until(() => wire.ended && wire.hasRest);
    const second = new Collected();
    wire.read({
      data(bytes) {
        first = bytes.toString("latin1", 0, 1);
        wire.read(second);
        assert.equal(second.ends, 0);
        return 1;
      },
      end: () => assert.fail("told to the reader that has gone"),
    });
    assert.deepEqual([first, await second.ended()], ["d", "ef"]);
    assert.equal(second.ends, 1);
  });

  test(`${name}: without a reader bytes are kept up to a limit, and none is lost after it`, async (context) => {
    const { wire, peer } = await (await pairs(context, kind, way))();
    const sent = Buffer.alloc(32 * 1024 * 1024, "0123456789abcdef");
    peer.end(sent);
    await until(() => wire.hasRest);
    await turn(50);
    const taken = wire.socket.bytesRead;
    assert.ok(taken < 4 * 1024 * 1024, `${taken} bytes were taken without a reader`);
    await turn(20);
    assert.equal(wire.socket.bytesRead, taken);
    const reader = new Collected();
    wire.read(reader);
    assert.ok((await reader.ended()) === sent.toString("latin1"));
  });

  test(`${name}: bytes that are kept for the next reader are not those that come later`, async (context) => {
    const { wire, peer } = await (await pairs(context, kind, way))();
    peer.write("abc");
    await until(() => wire.socket.bytesRead === 3);
    peer.write("defgh");
    await until(() => wire.socket.bytesRead === 8);
    await turn();
    const reader = new Collected();
    wire.read(reader);
    assert.equal(reader.text, "abcdefgh");
  });

  // Only reused buffers are ever lent again.
  for (const closes of way === "adopted" ? [false, true] : [])
    test(`${name}: the memory of held bytes is nobody else's${closes ? ", even when their wire is closed" : ""}`, async (context) => {
      const make = await pairs(context, kind, way);
      const [one, other] = [await make(), await make()];
      let held: Buffer | undefined;
      // The first full read of a buffer that is lent again once it is given back.
      one.wire.read({
        data(bytes) {
          if (bytes.length !== 32 * 1024) return bytes.length;
          held = bytes;
          one.wire.hold();
          return bytes.length;
        },
        end: () => {},
      });
      const writing = setInterval(() => one.peer.write(Buffer.alloc(64 * 1024, "a")), 1);
      context.after(() => clearInterval(writing));
      await until(() => held !== undefined);
      if (closes) {
        one.wire.destroy();
        await closed(one.wire);
      }
      const rest = new Collected();
      other.wire.read(rest);
      other.peer.end(Buffer.alloc(1024 * 1024, "b"));
      await rest.ended();
      assert.equal(held!.toString("latin1"), "a".repeat(32 * 1024));
      assert.equal(one.wire.held, true);
    });

  test(`${name}: a release after pause does not begin again`, async (context) => {
    const { wire, peer } = await (await pairs(context, kind, way))();
    const reader = new Collected();
    wire.read({
      data(bytes) {
        wire.hold();
        return reader.data(bytes);
      },
      end: () => {},
    });
    peer.write("a");
    await reader.atLeast(1);
    wire.pause();
    wire.release();
    peer.write("b");
    await turn(20);
    assert.equal(reader.text, "a");
    wire.read(reader);
    assert.equal(await reader.atLeast(2), "ab");
  });

  test(`${name}: pause stops the bytes until the next read`, async (context) => {
    const { wire, peer } = await (await pairs(context, kind, way))();
    const reader = new Collected();
    wire.read(reader);
    peer.write("a");
    await reader.atLeast(1);
    wire.pause();
    peer.write("b");
    await turn(20);
    assert.equal(reader.text, "a");
    wire.read(reader);
    assert.equal(await reader.atLeast(2), "ab");
  });

  test(`${name}: while held nothing comes and the bytes stay as they are; release goes on`, async (context) => {
    const { wire, peer } = await (await pairs(context, kind, way))();
    const held: Buffer[] = [];
    const told: string[] = [];
    wire.read({
      data(bytes) {
        held.push(bytes);
        told.push("data");
        wire.hold();
        return bytes.length;
      },
      end: () => told.push("end"),
    });
    peer.write("first");
    await until(() => held.length === 1);
    peer.end("second");
    await turn(20);
    assert.equal(held.length, 1);
    assert.equal(held[0]!.toString("latin1"), "first");
    assert.deepEqual(told, ["data"]);
    wire.release();
    await until(() => held.length === 2);
    await turn(20);
    assert.equal(held[1]!.toString("latin1"), "second");
    assert.deepEqual(told, ["data", "data"]);
    wire.release();
    await until(() => told.length === 3);
    assert.deepEqual(told, ["data", "data", "end"]);
  });

  test(`${name}: a reader that takes less than it was given and holds gets the rest after the release`, async (context) => {
    const { wire, peer } = await (await pairs(context, kind, way))();
    const seen: string[] = [];
    wire.read({
      data(bytes) {
        seen.push(bytes.toString("latin1", 0, 2));
        wire.hold();
        return Math.min(2, bytes.length);
      },
      end: () => seen.push("end"),
    });
    peer.end("aabbcc");
    for (const count of [1, 2, 3]) {
      await until(() => seen.length === count);
      await turn(5);
      assert.equal(seen.length, count);
      wire.release();
    }
    await until(() => seen.length === 4);
    assert.deepEqual(seen, ["aa", "bb", "cc", "end"]);
  });

  test(`${name}: a peer that breaks closes the wire once, with the error, and with nobody reading`, async (context) => {
    const { wire, peer } = await (await pairs(context, kind, way))();
    let times = 0;
    wire.whenClosed(() => times++);
    const stop = wire.whenClosed(() => assert.fail("the wish was taken back"));
    stop();
    if (kind === "tcp") peer.resetAndDestroy();
    else wire.destroy(new Error("broken"));
    const error = await closed(wire);
    assert.ok(error);
    await turn();
    assert.equal(times, 1);
    // Afterwards it is told at once, and all else does nothing.
    wire.whenClosed((late) => assert.equal(late, error));
    wire.read(new Collected());
    wire.end();
    wire.reset();
    wire.release();
    wire.pause();
  });

  test(`${name}: destroy ends both directions at once, and its error is the one that is told`, async (context) => {
    const { wire, peer } = await (await pairs(context, kind, way))();
    const reason = new Error("enough");
    peer.resume();
    wire.destroy(reason);
    assert.equal(await closed(wire), reason);
    await once(peer, "end");
  });
}

// Only wires that were dialled are asked to survive, and they always read into a reused buffer.
for (const { way, kind, name } of matrix.filter((one) => one.way === "adopted"))
  for (const survives of [true, false])
    test(`${name}: a write that fails ${survives ? "leaves the answer that came, when that is wanted" : "closes the wire"}`, async (context) => {
      const { wire, peer } = await (await pairs(context, kind, way))();
      wire.surviveWriteErrors(true);
      wire.surviveWriteErrors(survives);
      wire.pause();
      // A server that answers before it has read the request's body, and closes.
      peer.end("HTTP/1.1 413 No\r\n\r\n");
      await until(() => peer.writableFinished);
      peer.destroy();
      await once(peer, "close");
      while (wire.error === undefined) {
        wire.socket.write("more of the body");
        await turn();
      }
      assert.equal(wire.closed, !survives);
      const reader = new Collected();
      wire.read(reader);
      if (survives) assert.equal(await reader.ended(), "HTTP/1.1 413 No\r\n\r\n");
      wire.destroy();
      assert.ok(await closed(wire));
    });

for (const way of ["adopted", "fallback"] as const) {
  test(`${way}: reset is seen as a reset by the other side, not as a clean end`, async (context) => {
    const { wire, peer } = await (await pairs(context, "tcp", way))();
    peer.on("end", () => assert.fail("the reset looked like a clean end"));
    peer.resume();
    const broken = once(peer, "error");
    wire.socket.write("part of it");
    await turn(5);
    wire.reset();
    const [error] = (await broken.catch((thrown: unknown) => [thrown])) as [NodeJS.ErrnoException];
    assert.equal(error.code, "ECONNRESET");
    assert.equal(await closed(wire), undefined);
  });

  test(`${way}: reset with much unsent to a peer that does not read closes at once`, async (context) => {
    const { wire, peer } = await (await pairs(context, "tcp", way))();
    peer.pause();
    wire.socket.write(Buffer.alloc(32 * 1024 * 1024));
    await turn(5);
    assert.ok(wire.socket.writableLength > 0);
    wire.reset();
    await closed(wire);
  });

  for (const when of ["at once", "on the next tick", "a turn later"] as const)
    test(`${way}: reset ${when} after end closes the wire`, async (context) => {
      const { wire, peer } = await (await pairs(context, "tcp", way))();
      peer.resume();
      wire.socket.write("x");
      wire.end();
      if (when === "on the next tick") await new Promise<void>((resolve) => process.nextTick(resolve));
      if (when === "a turn later") await new Promise((resolve) => setImmediate(resolve));
      wire.reset();
      wire.reset();
      assert.equal(await closed(wire), undefined);
    });
}
