import assert from "node:assert/strict";
import { test } from "node:test";
import { suggest } from "../../src/core/suggest.ts";

const known = ["listen", "allow", "no_proxy", "parent"];

test("a near miss is suggested: a letter more, less, other, or two swapped", () => {
  for (const [typed, meant] of [
    ["listn", "listen"],
    ["lisetn", "listen"],
    ["noproxy", "no_proxy"],
    ["Parents", "parent"],
  ])
    assert.equal(suggest(typed!, known), meant);
});

test("nothing is suggested for what is not near", () => {
  for (const typed of ["socks5", "x", "", "deny_all"]) assert.equal(suggest(typed, known), undefined);
});
