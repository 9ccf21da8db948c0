import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Health } from "../../src/parents/health.ts";
import { recordingEvents } from "./identity.ts";

/** A parent whose answers a test gives; the clock is the test's. */
function watching(t: TestContext) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { events, told } = recordingEvents();
  const asked: { answer(alive: boolean): void; fail(): void; signal: AbortSignal }[] = [];
  const health = new Health(
    "here:8080",
    events,
    (signal) =>
      new Promise((answer, reject) => {
        asked.push({ answer, fail: () => reject(new Error("broken")), signal });
      }),
  );
  t.after(() => health.close());
  const states = () => told.flatMap((one) => (one.name === "parent-state" ? [one.up] : []));
  return { health, asked, states, told };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("a failure is told once, and the parent is asked after one second, then two, four … thirty", async (t) => {
  const { health, asked, states } = watching(t);
  assert.equal(health.up, true);
  health.failed("it was refused");
  health.failed("it was refused");
  assert.equal(health.up, false);
  assert.deepEqual(states(), [false]);
  for (const [index, seconds] of [1, 2, 4, 8, 16, 30, 30].entries()) {
    t.mock.timers.tick(seconds * 1000 - 1);
    assert.equal(asked.length, index);
    t.mock.timers.tick(1);
    assert.equal(asked.length, index + 1);
    if (index % 2 === 0) asked[index]!.answer(false);
    else asked[index]!.fail();
    await settled();
  }
  assert.equal(health.up, false);
});

test("it comes back when it answers, by itself or to a request, and is asked no more", async (t) => {
  const { health, asked, states } = watching(t);
  health.failed("it was refused");
  t.mock.timers.tick(1000);
  asked[0]!.answer(true);
  await settled();
  assert.equal(health.up, true);
  health.failed("again");
  health.succeeded();
  t.mock.timers.tick(60_000);
  assert.equal(asked.length, 1);
  assert.deepEqual(states(), [false, true, false, true]);
});

test("after it came back the first wait is short again", async (t) => {
  const { health, asked } = watching(t);
  for (let round = 1; round <= 3; round++) {
    health.failed("down");
    t.mock.timers.tick(1000);
    assert.equal(asked.length, round);
    asked[round - 1]!.answer(true);
    await settled();
  }
});

test("all who ask at the same time share one question", async (t) => {
  const { health, asked } = watching(t);
  const [one, two] = [health.alive(), health.alive()];
  assert.equal(asked.length, 1);
  asked[0]!.answer(true);
  assert.deepEqual(await Promise.all([one, two]), [true, true]);
  const third = health.alive();
  asked[1]!.fail();
  assert.equal(await third, false);
});

test("closed, it asks nothing and tells nothing", async (t) => {
  const { health, asked, states } = watching(t);
  health.failed("down");
  t.mock.timers.tick(1000);
  health.close();
  assert.equal(asked[0]!.signal.aborted, true);
  asked[0]!.answer(true);
  await settled();
  t.mock.timers.tick(120_000);
  health.failed("down");
  assert.equal(asked.length, 1);
  assert.deepEqual(states(), [false]);
});
