import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { matchCntlmNoProxy, parseCntlmNoProxy } from "../../src/routing/cntlm-no-proxy.ts";

const match = (list: string, host: string) => matchCntlmNoProxy(parseCntlmNoProxy(list), host);

/** pattern, host, whether fnmatch(pattern, host, 0) matches (in lower case). */
const rows: [pattern: string, host: string, matches: boolean][] = [
  ["localhost", "localhost", true],
  ["localhost", "a.localhost", false],
  ["127.0.0.*", "127.0.0.1", true],
  ["127.0.0.*", "127.0.0.", true],
  ["10.*", "10.1.2.3", true],
  ["10.*", "110.1.2.3", false],
  ["*.corp.example", "a.b.corp.example", true],
  ["*.corp.example", "corp.example", false],
  ["*", "anything", true],
  ["h?st", "host", true],
  ["h?st", "hst", false],
  ["h[aeo]st", "host", true],
  ["h[!aeo]st", "host", false],
  ["h[^aeo]st", "hist", true],
  ["web[0-9]", "web7", true],
  ["web[0-9]", "webx", false],
  ["web[[:digit:]-]", "web-", true],
  ["[]x]", "]", true],
  ["a[b", "a[b", true],
  ["[9-0]", "5", false],
  ["a\\*b", "a*b", true],
  ["a\\*b", "axb", false],
  ["10.0.0.0/8", "10.1.1.1", false],
  ["host:80", "host", false],
  ["::1", "[::1]", true],
  ["*a*b*c", "xxaxxbxxc", true],
  ["*a*b*c", "xxaxxbxx", false],
];

for (const [pattern, host, matches] of rows) {
  test(`cntlm's ${pattern} ${matches ? "matches" : "does not match"} ${host}`, () => {
    assert.equal(match(pattern, host), matches ? pattern : undefined);
  });
}

test("a cntlm list is split at commas and blanks, and letters have no case", () => {
  const list = "localhost, 127.0.0.*  *.CORP.example,X";
  assert.equal(match(list, "A.corp.EXAMPLE"), "*.CORP.example");
  assert.equal(match(list, "x"), "X");
  assert.equal(match(list, "LOCALHOST"), "localhost");
  assert.equal(match(list, "other"), undefined);
});

test("a pattern full of stars does not take exponential time", () => {
  const started = performance.now();
  assert.equal(match("*a".repeat(30) + "b", "a".repeat(5000)), undefined);
  assert.ok(performance.now() - started < 1000);
});

test("no pattern and no host makes it throw; a host without special letters matches itself", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 20 }), fc.string({ maxLength: 20 }), (pattern, host) => {
      match(pattern, host);
    }),
  );
  fc.assert(fc.property(fc.domain(), (host) => assert.ok(match(`x.y ${host}`, host))));
});
