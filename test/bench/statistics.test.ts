import assert from "node:assert/strict";
import { test } from "node:test";
import { median, quantile, regression } from "../../bench/harness/statistics.ts";

test("a median lies between the two in the middle", () => {
  assert.equal(median([4, 1, 3]), 3);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.equal(quantile([10, 20, 30, 40, 50], 0.99), 49.6);
  assert.ok(Number.isNaN(median([])));
});

test("a line through points on a line has its slope and no error", () => {
  const { slope, error } = regression([
    [0, 5],
    [10, 25],
    [20, 45],
    [30, 65],
  ]);
  assert.equal(slope, 2);
  assert.equal(error, 0);
});

test("the error of a slope through scatter is the one of the textbook", () => {
  // Residuals -1/3, 2/3, -1/3 around y = x/2 + 1/3: s² = 6/9, Sxx = 2.
  const { slope, error } = regression([
    [0, 0],
    [1, 1.5],
    [2, 1],
  ]);
  assert.ok(Math.abs(slope - 0.5) < 1e-12);
  assert.ok(Math.abs(error - Math.sqrt(2 / 3 / 2)) < 1e-12);
});
