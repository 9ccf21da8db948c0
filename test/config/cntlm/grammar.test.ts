import assert from "node:assert/strict";
import { test } from "node:test";
import { readCntlmLines } from "../../../src/config/cntlm/grammar.ts";

const pairs = (text: string) => readCntlmLines(text).options.map(({ keyword, value }) => [keyword, value]);

for (const [name, text, wanted] of [
  ["blanks and tabs around keyword and value", " \tUsername\t \ttestuser \t\n", [["Username", "testuser"]]],
  ["comment lines by # and ;", "# a\n ; b\nDomain corp\n", [["Domain", "corp"]]],
  [
    "the longest run of letters and digits as the keyword",
    "PassNT=X\nProxy:1.2.3.4:8080\n",
    [
      ["PassNT", "=X"],
      ["Proxy", ":1.2.3.4:8080"],
    ],
  ],
  ["no blank needed before a quote", 'Domain"corp"\n', [["Domain", "corp"]]],
  [
    "sections, which have no effect",
    "[one]\nDomain a\n[two]\nDomain b\n",
    [
      ["Domain", "a"],
      ["Domain", "b"],
    ],
  ],
  [
    "a # that ends a value anywhere",
    "Domain corp#x\nUsername u # who\n",
    [
      ["Domain", "corp"],
      ["Username", "u"],
    ],
  ],
  ["a ; that does not end a value", "Domain corp ; x\n", [["Domain", "corp ; x"]]],
  ["blanks inside a value", "Header User-Agent: a b\n", [["Header", "User-Agent: a b"]]],
  ["quotes that keep # and ends", 'Password "a # b "\n', [["Password", "a # b "]]],
  ["nothing after the closing quote", 'Password "a" b # c\n', [["Password", "a"]]],
  ["no escapes in quotes", 'Password "a\\" b"\n', [["Password", "a\\"]]],
  ["a quote inside an unquoted value", 'Domain a"b"\n', [["Domain", 'a"b"']]],
  [
    "CRLF and a BOM",
    "\uFEFFDomain corp\r\nUsername u\r\n",
    [
      ["Domain", "corp"],
      ["Username", "u"],
    ],
  ],
] as const)
  test(`cntlm's grammar has ${name}`, () => {
    assert.deepEqual(pairs(text), wanted);
  });

test("a last line without a line end counts, other than in cntlm", () => {
  assert.deepEqual(pairs("Domain corp\nListen 3128"), [
    ["Domain", "corp"],
    ["Listen", "3128"],
  ]);
});

test('"" is empty, other than in cntlm', () => {
  assert.deepEqual(pairs('Domain ""\n'), [["Domain", ""]]);
});

test("lines and values of any length are whole, other than in cntlm", () => {
  const long = "x".repeat(9000);
  assert.deepEqual(pairs(`Domain ${long}\nUsername u\n`), [
    ["Domain", long],
    ["Username", "u"],
  ]);
});

for (const [text, why] of [
  ["Password\n", /Password has no value/],
  ["Password # x\n", /Password has no value/],
  ["Password ; x\n", /Password has no value/],
  ['Password "abc\n', /the value of Password has no closing quote/],
  ["-Password x\n", /does not start with the name of an option/],
  ["S3cret\n", /the option has no value/],
] as const)
  test(`the line ${JSON.stringify(text)} is ignored as in cntlm, and that is told`, () => {
    const { options, ignored } = readCntlmLines(text);
    assert.deepEqual(options, []);
    assert.match(ignored[0]!.why, why);
    assert.equal(ignored[0]!.line, 1);
  });

test("a # that cuts a word is marked, a comment after a blank is not", () => {
  assert.deepEqual(
    readCntlmLines("Password a#b\nDomain c #d\n").options.map((one) => one.cut),
    [true, false],
  );
});
