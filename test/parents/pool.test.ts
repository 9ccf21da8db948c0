import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Connection } from "../../src/parents/connection.ts";
import { Pool } from "../../src/parents/pool.ts";
import { dial } from "../../src/wire/dial.ts";
import { type Scripted, scriptedParent } from "./scripted-parent.ts";

/** A pool, and connections to a server whose ends a test holds in its hands. */
async function pooling(t: TestContext, most = 3, oldest = 55_000) {
  const ends: Scripted[] = [];
  const { port } = await scriptedParent(t, (end) => ends.push(end));
  let changes = 0;
  let wake = () => {};
  const pool = new Pool(most, oldest, () => {
    changes++;
    wake();
  });
  t.after(() => pool.close());
  return {
    pool,
    ends,
    changes: () => changes,
    changed: () =>
      new Promise<void>((resolve) => {
        wake = resolve;
      }),
    async connection(): Promise<Connection> {
      const before = ends.length;
      const options = { host: "127.0.0.1", port, name: "here", timeout: 2000, signal: undefined };
      const wire = await dial(options);
      while (ends.length === before) await new Promise((resolve) => setImmediate(resolve));
      t.after(() => wire.destroy());
      return new Connection(wire, "here", {
        headBytes: 65_536,
        headFields: 100,
        answer: 1000,
        response: 1000,
      });
    },
  };
}

test("the connection that was used last is taken first", async (t) => {
  const { pool, connection } = await pooling(t);
  const [one, two] = [await connection(), await connection()];
  pool.give(one);
  pool.give(two);
  assert.equal(pool.size, 2);
  assert.equal(pool.take(), two);
  assert.equal(pool.take(), one);
  assert.equal(pool.take(), undefined);
});

test("more than the most are closed, and so is one with bytes that nobody asked for", async (t) => {
  const { pool, connection, ends } = await pooling(t, 1);
  const [one, two, three] = [await connection(), await connection(), await connection()];
  pool.give(one);
  pool.give(two);
  assert.ok(two.wire.closed);
  assert.equal(pool.take(), one);
  ends[2]!.socket.write("HTTP/1.1 200 OK\r\n\r\n");
  while (!three.wire.hasRest) await new Promise((resolve) => setImmediate(resolve));
  pool.give(three);
  assert.ok(three.wire.closed);
  assert.equal(pool.size, 0);
});

test("an end, a reset or a byte that comes while a connection is idle throws it away, and is told", async (t) => {
  const { pool, connection, ends, changed } = await pooling(t);
  const faults: ((end: Scripted) => void)[] = [
    (end) => end.socket.end(),
    (end) => end.socket.resetAndDestroy(),
    (end) => end.socket.write("x"),
  ];
  for (const [index, fault] of faults.entries()) {
    const one = await connection();
    pool.give(one);
    const told = changed();
    fault(ends[index]!);
    await told;
    assert.equal(pool.size, 0);
    assert.equal(pool.take(), undefined);
    assert.ok(one.wire.closed);
  }
});

test("what was idle for too long is closed, the rest stays", async (t) => {
  const { pool, connection, changes } = await pooling(t, 3, 10_000);
  const [one, two] = [await connection(), await connection()];
  pool.give(one);
  pool.give(two);
  one.usedAt = performance.now() - 9000;
  two.usedAt = performance.now() - 11_000;
  pool.expire();
  assert.deepEqual([one.wire.closed, two.wire.closed, pool.size, changes()], [false, true, 1, 1]);
});

test("for a request that cannot be sent twice only a fresh one is taken, and the others stay", async (t) => {
  const { pool, connection } = await pooling(t);
  const one = await connection();
  pool.give(one);
  one.usedAt -= 2500;
  assert.equal(pool.take(2000), undefined);
  assert.equal(pool.size, 1);
  assert.equal(pool.take(3000), one);
});

test("a parent that closes idle connections is left before that from then on", async (t) => {
  const { pool, connection, ends, changed } = await pooling(t, 3, 55_000);
  const one = await connection();
  pool.give(one);
  one.usedAt -= 20_000;
  const told = changed();
  ends[0]!.socket.end();
  await told;
  const [young, old] = [await connection(), await connection()];
  pool.give(young);
  pool.give(old);
  old.usedAt -= 17_000;
  young.usedAt -= 15_000;
  pool.expire();
  assert.deepEqual([young.wire.closed, old.wire.closed], [false, true]);
});

test("a taken connection is no longer watched, and closing the pool leaves it alone", async (t) => {
  const { pool, connection, ends, changes } = await pooling(t);
  const [one, two] = [await connection(), await connection()];
  pool.give(one);
  pool.give(two);
  const taken = pool.take()!;
  pool.close();
  assert.equal(pool.size, 0);
  assert.deepEqual([one.wire.closed, taken.wire.closed], [true, false]);
  ends[1]!.answer(204);
  assert.equal((await taken.answer(undefined)).status, 204);
  assert.equal(changes(), 0);
});
