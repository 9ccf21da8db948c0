import assert from "node:assert/strict";
import { test } from "node:test";
import { judgeHealth } from "../../src/observe/health.ts";

const up = { parent: "a:1", up: true };
const down = { parent: "b:1", up: false };

test("well is who is ready and has a way out", () => {
  const well = { ready: true, stopping: false };
  assert.deepEqual(judgeHealth({ ...well, parents: [] }), {
    status: 200,
    body: { status: "ok", parents: [] },
  });
  assert.equal(judgeHealth({ ...well, parents: [down, up] }).status, 200);
  assert.deepEqual(judgeHealth({ ...well, parents: [down] }), {
    status: 503,
    body: { status: "no-parent", reason: "No parent is up: b:1.", parents: [down] },
  });
  assert.equal(judgeHealth({ ready: false, stopping: false, parents: [up] }).body.status, "starting");
  assert.equal(judgeHealth({ ready: true, stopping: true, parents: [up] }).body.status, "stopping");
});

test("a credential that is no longer tried is no way out, unless another parent has one that is", () => {
  const health = (latched: boolean[]) =>
    judgeHealth({
      ready: true,
      stopping: false,
      parents: latched.map((one, at) => ({ parent: `10.0.0.${at}:8080`, up: true, latched: one })),
    });
  assert.deepEqual([health([true]).status, health([true]).body.status], [503, "latched"]);
  assert.equal(health([true, true]).status, 503);
  assert.equal(health([true, false]).status, 200);
});
