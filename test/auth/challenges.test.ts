import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseChallenges } from "../../src/auth/challenges.ts";

const table: readonly [string, readonly string[], readonly [scheme: string, parameters: string][]][] = [
  ["no field", [], []],
  ["an empty field", [""], []],
  ["one scheme", ["NTLM"], [["ntlm", ""]]],
  [
    "odd case",
    ["nTlM", "BASIC realm=x"],
    [
      ["ntlm", ""],
      ["basic", "realm=x"],
    ],
  ],
  [
    "one field each",
    ["Negotiate", "NTLM", 'Basic realm="Lab Multi"'],
    [
      ["negotiate", ""],
      ["ntlm", ""],
      ["basic", 'realm="Lab Multi"'],
    ],
  ],
  [
    "all in one field",
    ['Negotiate, NTLM,Basic realm="a"'],
    [
      ["negotiate", ""],
      ["ntlm", ""],
      ["basic", 'realm="a"'],
    ],
  ],
  ["a token68 with padding", ["NTLM TlRMTVNTUAACAAAA=="], [["ntlm", "TlRMTVNTUAACAAAA=="]]],
  [
    "a token68 before another scheme",
    ["NTLM TlRM+/4=, Basic realm=x"],
    [
      ["ntlm", "TlRM+/4="],
      ["basic", "realm=x"],
    ],
  ],
  [
    "the example of RFC 9110, 11.6.1",
    ['Basic realm="simple", Newauth realm="apps", type=1, title="Login to \\"apps\\""'],
    [
      ["basic", 'realm="simple"'],
      ["newauth", 'realm="apps", type=1, title="Login to \\"apps\\""'],
    ],
  ],
  [
    "commas and schemes inside a quoted string",
    ['Basic realm="a, NTLM, \\", Negotiate", charset="UTF-8", NTLM'],
    [
      ["basic", 'realm="a, NTLM, \\", Negotiate", charset="UTF-8"'],
      ["ntlm", ""],
    ],
  ],
  [
    "spaces around the equals sign",
    ['Digest realm = "x" , nonce= "y",qop ="auth"'],
    [["digest", 'realm = "x", nonce= "y", qop ="auth"']],
  ],
  [
    "empty list elements",
    [",, ,NTLM , ,, Basic realm=x,,"],
    [
      ["ntlm", ""],
      ["basic", "realm=x"],
    ],
  ],
  [
    "tabs",
    ["\tNTLM\t", "Basic\trealm=x"],
    [
      ["ntlm", ""],
      ["basic", "realm=x"],
    ],
  ],
  ["parameters without a scheme", ['realm="x", NTLM'], [["ntlm", ""]]],
  [
    "an unclosed quoted string",
    ['Basic realm="x, NTLM', "NTLM"],
    [
      ["basic", 'realm="x, NTLM'],
      ["ntlm", ""],
    ],
  ],
  ["a backslash at the end", ['Basic realm="x\\'], [["basic", 'realm="x\\']]],
  ["garbage", ["@@, {}, (x), NTLM, \u0000, é"], [["ntlm", ""]]],
  [
    "a scheme twice",
    ["Basic realm=a", "Basic realm=b"],
    [
      ["basic", "realm=a"],
      ["basic", "realm=b"],
    ],
  ],
];

for (const [what, fields, expected] of table)
  test(`challenges with ${what} are parted`, () => {
    assert.deepEqual(
      parseChallenges(fields).map(({ scheme, parameters }) => [scheme, parameters]),
      expected,
    );
  });

test("a scheme's own spelling is kept beside the one for comparing", () => {
  assert.deepEqual(parseChallenges(["NegoTiate"]), [
    { scheme: "negotiate", name: "NegoTiate", parameters: "" },
  ]);
});

test("whatever a parent sends, nothing throws, and every scheme is a token in lower case", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc
      .array(fc.constantFrom("NTLM", "Basic", " ", ",", "=", '"', "\\", "realm", "TlRM=="), { maxLength: 30 })
      .map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(fc.array(text, { maxLength: 4 }), (fields) => {
      for (const one of parseChallenges(fields)) assert.match(one.scheme, /^[^\sA-Z,="\\]+$/);
    }),
    { numRuns: 2000 },
  );
});

test("a field of 64 KiB is parted in no time", () => {
  const started = performance.now();
  for (const unit of ["a,", "a =", '"', "NTLM ", "a ", ", ", "\\"])
    parseChallenges([unit.repeat(65536 / unit.length)]);
  assert.ok(performance.now() - started < 2000);
});
