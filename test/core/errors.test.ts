import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as errors from "../../src/core/errors.ts";

test("the page of errors lists exactly the codes that there are, in their order", () => {
  const page = readFileSync("docs/errors.md", "utf8");
  const listed = [...page.matchAll(/^\| `(SP_[A-Z_]+)` \|/gm)].map(([, code]) => code);
  assert.deepEqual(
    listed,
    errors.errorKinds.map((kind) => kind.code),
  );
});

test("every class of errors is in the list, and no code stands for two kinds", () => {
  const classes = Object.values(errors).filter(
    (one): one is errors.ErrorClass => typeof one === "function" && "kind" in one,
  );
  assert.equal(classes.length, errors.errorKinds.length);
  assert.deepEqual(new Set(classes.map((one) => one.kind)), new Set(errors.errorKinds));
  assert.equal(new Set(errors.errorKinds.map((kind) => kind.code)).size, errors.errorKinds.length);
});

test("an error tells its kind's code, exit status and hint, and keeps the cause", () => {
  const cause = new Error("ECONNREFUSED");
  const error = new errors.ConnectError("Connecting failed", { hint: "Start it.", cause });
  assert.deepEqual(
    [error.code, error.exitCode, error.status, error.hint, error.cause, error.name],
    ["SP_CONNECT", 1, 502, "Start it.", cause, "ConnectError"],
  );
});

test("what is thrown and is none of ours becomes a mistake of the program that can be reported", () => {
  const error = errors.asSallyportError(new TypeError("x is undefined"));
  assert.equal(error.code, "SP_INTERNAL");
  assert.match(error.message, /x is undefined/);
  assert.match(error.hint ?? "", /--debug/);
});
