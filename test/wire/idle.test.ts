import assert from "node:assert/strict";
import { test } from "node:test";
import { IdleWatch } from "../../src/wire/idle.ts";

test("what is silent is ended between one and one and a quarter times the limit, whenever it fell silent", (context) => {
  for (const watchAt of [0, 1, 100, 249])
    for (const lastByteAt of [undefined, 0, 1, 120, 249, 250, 251, 900]) {
      context.mock.timers.reset();
      context.mock.timers.enable({ apis: ["setInterval"] });
      const watch = new IdleWatch(1000);
      // Another one starts the timer, so that this one comes at any time between two looks.
      let now = 0;
      const stopOther = watch.watch({ bytes: () => now, expire: () => {} });
      let bytes = 0;
      let expired: number | undefined;
      const to = (time: number) => {
        for (; now < time; now++) context.mock.timers.tick(1);
      };
      to(watchAt);
      const stop = watch.watch({
        bytes: () => bytes,
        expire: () => {
          expired ??= now + 1;
        },
      });
      let silentSince = watchAt;
      if (lastByteAt !== undefined) {
        to(watchAt + lastByteAt);
        bytes++;
        silentSince = now;
      }
      to(silentSince + 1400);
      const silence = expired! - silentSince;
      assert.ok(silence >= 1000 && silence <= 1251, `${watchAt} ${lastByteAt}: ${silence}`);
      stop();
      stopOther();
    }
});

test("what moves is not ended, and what is no longer watched neither", (context) => {
  context.mock.timers.enable({ apis: ["setInterval"] });
  const watch = new IdleWatch(1000);
  let bytes = 0;
  watch.watch({ bytes: () => bytes, expire: () => assert.fail("it moved") });
  const stop = watch.watch({ bytes: () => 0, expire: () => assert.fail("it is no longer watched") });
  for (let i = 0; i < 100; i++) {
    bytes++;
    context.mock.timers.tick(100);
    if (i === 5) stop();
  }
  stop();
});

test("the timer stops at its first look at nothing and starts again with the next one watched", (context) => {
  context.mock.timers.enable({ apis: ["setInterval"] });
  const set = context.mock.method(globalThis, "setInterval");
  const clear = context.mock.method(globalThis, "clearInterval");
  const watch = new IdleWatch(60_000);
  const one = { bytes: () => 0, expire: () => {} };
  const stops = [watch.watch(one), watch.watch({ ...one })];
  assert.equal(set.mock.callCount(), 1);
  for (const stop of stops) stop();
  assert.equal(clear.mock.callCount(), 0);
  context.mock.timers.tick(15_000);
  assert.equal(clear.mock.callCount(), 1);
  watch.watch(one)();
  assert.equal(set.mock.callCount(), 2);
});

test("a limit of 0 watches nothing", (context) => {
  const set = context.mock.method(globalThis, "setInterval");
  new IdleWatch(0).watch({ bytes: () => 0, expire: () => assert.fail() })();
  assert.equal(set.mock.callCount(), 0);
});
