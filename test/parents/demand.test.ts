import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Demand } from "../../src/parents/demand.ts";

test("without demand nothing is kept, after one request one is", () => {
  const demand = new Demand();
  assert.equal(demand.wanted(0, 10), 0);
  demand.take(1000);
  assert.equal(demand.wanted(1001, 10), 1);
});

test("what comes at once is kept at hand: the most within two neighbouring tenths of a second", () => {
  const demand = new Demand();
  for (let i = 0; i < 5; i++) demand.take(1090);
  for (let i = 0; i < 4; i++) demand.take(1110);
  assert.equal(demand.wanted(1120, 100), 9);
  demand.take(1350);
  assert.equal(demand.wanted(1350, 100), 9);
});

test("fifty seconds later one is kept, ten minutes after the last request none", () => {
  const demand = new Demand();
  for (let i = 0; i < 9; i++) demand.take(5000);
  assert.equal(demand.wanted(54_000, 100), 9);
  assert.equal(demand.wanted(55_200, 100), 1);
  assert.equal(demand.wanted(605_000, 100), 1);
  assert.equal(demand.wanted(605_001, 100), 0);
});

test("the ring's ends are not neighbours in time", () => {
  const demand = new Demand();
  for (let i = 0; i < 3; i++) demand.take(100);
  for (let i = 0; i < 4; i++) demand.take(49_950);
  assert.equal(demand.wanted(49_990, 100), 4);
});

test("never more than most, never more than was taken, and at least what one moment took", () => {
  const steps = fc.array(fc.record({ after: fc.nat(2000), count: fc.integer({ min: 1, max: 50 }) }), {
    maxLength: 40,
  });
  fc.assert(
    fc.property(steps, fc.integer({ min: 0, max: 64 }), fc.nat(700_000), (taken, most, later) => {
      const demand = new Demand();
      let now = 0;
      let sum = 0;
      for (const { after, count } of taken) {
        now += after;
        for (let i = 0; i < count; i++) demand.take(now);
        sum += count;
        const wanted = demand.wanted(now, most);
        assert.ok(wanted <= most && wanted <= sum && wanted >= Math.min(most, count));
      }
      const after = demand.wanted(now + later, most);
      assert.ok(after <= most && after <= sum);
      if (later > 50_200) assert.ok(after <= 1);
      if (later > 600_000) assert.equal(after, 0);
    }),
  );
});
