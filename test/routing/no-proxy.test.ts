import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { matchNoProxy, parseNoProxy } from "../../src/routing/no-proxy.ts";

/** Each row: list, then what goes direct, then what does not. */
const rows: [list: string, direct: string[], not: string[]][] = [
  [
    "corp.example",
    ["corp.example:80", "a.corp.example:443", "A.B.CORP.Example:1", "corp.example.:80"],
    ["xcorp.example:80", "corp.example.org:80"],
  ],
  [".corp.example", ["a.corp.example:80", "a.b.corp.example:80"], ["corp.example:80", "xcorp.example:80"]],
  ["*.corp.example", ["a.corp.example:80"], ["corp.example:80"]],
  ["*", ["a:1", "10.0.0.1:1", "[::1]:1"], []],
  ["*:8443", ["a:8443"], ["a:443"]],
  ["corp.example:8443", ["corp.example:8443", "a.corp.example:8443"], ["corp.example:443"]],
  ["10.0.0.0/8", ["10.255.0.1:80", "[::ffff:10.1.1.1]:80"], ["11.0.0.1:80", "10.example:80"]],
  ["10.1.2.3/8", ["10.9.9.9:80"], []],
  ["10.1.2.3", ["10.1.2.3:80"], ["10.1.2.4:80", "110.1.2.3:80", "a.10.1.2.3:80"]],
  ["10.1.2.3:81", ["10.1.2.3:81"], ["10.1.2.3:80"]],
  ["10.0.0.0/8:81", ["10.1.2.3:81"], ["10.1.2.3:80"]],
  ["::1", ["[::1]:80", "::1:80", "[0:0:0:0:0:0:0:1]:80"], ["[::2]:80"]],
  ["[::1]:80", ["[::1]:80"], ["[::1]:81"]],
  ["[::1]", ["[::1]:80"], []],
  ["fd00::/8", ["[fd12::9]:80"], ["[fe00::1]:80"]],
  ["[fd00::]/8", ["[fd12::9]:80"], []],
  ["[fd00::/8]:443", ["[fd12::9]:443"], ["[fd12::9]:80"]],
  ["bücher.example", ["xn--bcher-kva.example:80", "BÜCHER.example:80"], []],
  ["a.example b.example,\n\tc.example", ["a.example:1", "b.example:1", "c.example:1"], ["d.example:1"]],
  ["1.1", [], ["10.0.1.1:80"]],
  ["", [], ["a:1"]],
];

function split(target: string): [string, number] {
  const colon = target.lastIndexOf(":");
  return [target.slice(0, colon), Number(target.slice(colon + 1))];
}

for (const [text, direct, not] of rows) {
  test(`no_proxy "${text.replace(/\s+/g, " ")}" matches what its kind says`, () => {
    const list = parseNoProxy(text);
    for (const target of direct) assert.ok(matchNoProxy(list, ...split(target)), `${target} goes direct`);
    for (const target of not) assert.equal(matchNoProxy(list, ...split(target)), undefined, target);
  });
}

test("the rule that is named is the narrowest, as it was written", () => {
  const list = parseNoProxy("*,Example,Corp.Example,10.0.0.0/8,10.1.0.0/16,corp.example:99");
  const rule = (host: string, port = 80) => matchNoProxy(list, host, port)?.text;
  assert.equal(rule("a.corp.example"), "Corp.Example");
  assert.equal(rule("b.example"), "Example");
  assert.equal(rule("10.1.9.9"), "10.1.0.0/16");
  assert.equal(rule("10.2.9.9"), "10.0.0.0/8");
  assert.equal(rule("elsewhere"), "*");
});

test("an entry that can never match is told with what to write instead", () => {
  const said = (text: string) => parseNoProxy(text).problems;
  assert.match(said("192.168.*")[0]!, /"192\.168\.\*".*Write "192\.168\.0\.0\/16"/);
  assert.match(said("10.1.2.*")[0]!, /"10\.1\.2\.0\/24"/);
  assert.match(said("https://a.example/x")[0]!, /Write "a\.example"/);
  for (const bad of [
    "a*",
    "*a.example",
    "a.*.b",
    "10.0.0.0/33",
    "::1/129",
    "a:0",
    "a:70000",
    "a:x",
    "[::g]",
    "127.1",
    "0x7f.1",
    "a;b",
    "a|b",
    "<local>",
    "a..b",
    ".",
    "*.",
  ])
    assert.equal(said(bad).length, 1, bad);
  assert.deepEqual(said("a,.b,*.c,*,10.0.0.0/8,::1,[::1]:80,docker:2375,under_score"), []);
  const list = parseNoProxy("good.example,192.168.*");
  assert.deepEqual(
    list.entries.map((entry) => entry.text),
    ["good.example"],
  );
});

test("a list of five hundred entries costs a few look-ups a request", () => {
  const text = Array.from({ length: 500 }, (_, i) =>
    i % 2 ? `.n${i}.corp.example` : `10.${i % 250}.0.0/${16 + (i % 8)}`,
  ).join(",");
  const list = parseNoProxy(text);
  const started = performance.now();
  for (let i = 0; i < 20_000; i++) matchNoProxy(list, "registry.somewhere.else.example", 443);
  for (let i = 0; i < 20_000; i++) matchNoProxy(list, "192.0.2.7", 443);
  const each = ((performance.now() - started) / 40_000) * 1000;
  assert.ok(each < 50, `${each.toFixed(1)} microseconds`);
});

test("a hostile host neither throws nor takes long", () => {
  const list = parseNoProxy("a.example,10.0.0.0/8,fd00::/8,*.b");
  const started = performance.now();
  assert.equal(matchNoProxy(list, `${"x.".repeat(126)}a.example`, 80), undefined);
  matchNoProxy(list, ".".repeat(60_000), 80);
  matchNoProxy(list, "a.".repeat(30_000), 80);
  assert.ok(performance.now() - started < 500);
  fc.assert(
    fc.property(
      fc.string({ unit: "binary", maxLength: 300 }),
      fc.string({ maxLength: 40 }),
      (host, entry) => {
        matchNoProxy(parseNoProxy(entry), host, 80);
      },
    ),
  );
});
