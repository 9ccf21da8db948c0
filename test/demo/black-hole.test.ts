import assert from "node:assert/strict";
import { test } from "node:test";
import { ConnectTimeoutError } from "../../src/core/errors.ts";
import { startBlackHole } from "../../src/demo/black-hole.ts";
import { dial } from "../../src/wire/dial.ts";

test("connecting to a black hole takes until the time-out", {
  skip: process.platform !== "linux",
}, async (t) => {
  const hole = await startBlackHole();
  t.after(() => hole.stop());
  const options = { host: "127.0.0.1", port: hole.port, name: "the hole", timeout: 200, signal: undefined };
  for (let i = 0; i < 3; i++) await assert.rejects(dial(options), ConnectTimeoutError);
});
