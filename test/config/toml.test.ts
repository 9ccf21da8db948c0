import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readToml } from "../../src/config/toml.ts";

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test("every key, element and table has its line and column", () => {
  const document = readToml(
    '[proxy]\nlisten = ["a",\n  "b"]\n[[proxy.parent]]\nurl = "x"\n[[proxy.parent]]\n  url = "y"\n',
    "f",
  );
  assert.deepEqual(document.placeOf(["proxy", "listen", 1]), { file: "f", line: 3, column: 3 });
  assert.deepEqual(document.placeOf(["proxy", "parent", 1, "url"]), { file: "f", line: 7, column: 3 });
  assert.deepEqual(document.placeOfValue(["proxy", "parent", 1, "url"]), { file: "f", line: 7, column: 9 });
  assert.deepEqual(document.placeOf(["proxy", "parent", 1, "missing"]), { file: "f", line: 6, column: 1 });
});

for (const [name, text, line, what, rest] of [
  ["a text without quotes", "a = foo\nb = 1", 1, /the value of a is not TOML/, { b: 1 }],
  ["a broken header, with its keys", "[a\nx = 1\n[b]\nc = 1", 1, /not a table header/, { b: { c: 1 } }],
  ["a key set twice", "a = 1\na = 2\nb = 3", 2, /the key a is set twice/, { a: 1, b: 3 }],
  ["a table set twice", "[a]\nx = 1\n[a]\ny = 1", 3, /the table \[a\] is there twice/, { a: { x: 1 } }],
  ["a list that is not closed", 'l = ["a"\nb = 1', 1, /the value of l is not TOML/, { b: 1 }],
  ["a text that is not closed", 'x = "abc\ny = 1', 1, /no closing quote/, { y: 1 }],
  ["two keys on a line", "a = 1 b = 2\nc = 3", 1, /something follows the value of a/, { c: 3 }],
  ["a line without an equals sign", "username testuser\nb = 1", 1, /no "="/, { b: 1 }],
  ["a missing comma", 'l = [\n "a"\n "b"\n]\nc = 1', 3, /not TOML/, { l: ["a"], c: 1 }],
] as const)
  test(`${name} is one mistake at its line, and the rest is read`, () => {
    const document = readToml(text);
    assert.equal(document.problems.length, 1);
    assert.equal(document.problems[0]!.line, line);
    assert.match(document.problems[0]!.what, what);
    assert.deepEqual(plain(document.value), rest);
  });

test("a line that is no TOML is never shown, since it may hold a password", () => {
  for (const text of [
    "password = S3cret",
    'password = "S3cret',
    "S3cret",
    'password = "a" S3cret',
    'password = """S3cret',
  ])
    assert.doesNotMatch(JSON.stringify(readToml(text).problems), /S3cret/);
});

test("a BOM and CRLF line ends do not matter", () => {
  assert.deepEqual(plain(readToml('\uFEFFa = 1\r\n[b]\r\nc = "x"\r\n').value), { a: 1, b: { c: "x" } });
});

test("taking out elements leaves the others with their own places", () => {
  const document = readToml('l = [\n"a",\n"b",\n"c",\n]');
  document.remove([
    ["l", 0],
    ["l", 1],
  ]);
  assert.deepEqual(plain(document.value), { l: ["c"] });
  assert.equal(document.placeOf(["l", 0]).line, 4);
});

test("no text makes the reader throw or hang", () => {
  const piece = fc.constantFrom(
    "[",
    "]",
    "=",
    '"',
    "'",
    "\n",
    "a",
    "b.c",
    " ",
    ",",
    "{",
    "}",
    "#",
    '"""',
    "1",
    "\\",
    "é",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      const { problems } = readToml(pieces.join(""));
      return problems.every((one) => one.line !== undefined && one.line >= 1);
    }),
    { numRuns: 500 },
  );
});
