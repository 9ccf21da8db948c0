import assert from "node:assert/strict";
import { test } from "node:test";
import { isOwnHost } from "../../src/observe/own-host.ts";

test("addresses, localhost and own names pass the guard against DNS rebinding, other names do not", () => {
  const names = ["ci-1.corp.example", ""];
  for (const host of [
    undefined,
    "127.0.0.1",
    "127.0.0.1:9128",
    "[::1]",
    "[fe80::1]:9128",
    "localhost:9128",
    "LOCALHOST.",
    "CI-1.corp.example:9128",
  ])
    assert.equal(isOwnHost(host, names), true, host);
  for (const host of [
    "",
    "evil.example",
    "evil.example:9128",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "ci-1.corp.example.evil.example",
    "[evil.example]",
    "127.0.0.1:9128@evil.example",
    "1.2.3",
    "::1",
  ])
    assert.equal(isOwnHost(host, names), false, host);
});
