import assert from "node:assert/strict";
import { test } from "node:test";
import { endToEnd, firstValue, valuesOf, writeFields } from "../../src/http1/fields.ts";
import { parseRequestHead } from "../../src/http1/head.ts";

const fields = (...lines: string[]) =>
  parseRequestHead(["GET / HTTP/1.1", ...lines].join("\r\n"), 100).fields;
const passed = (...lines: string[]) =>
  endToEnd(fields(...lines)).map(({ name, value }) => `${name}: ${value}`);

test("a field's values are its list members over all its lines", () => {
  const list = fields("A: 1, 2", "B: x", "a:3,, ,4");
  assert.deepEqual(valuesOf(list, "a"), ["1", "2", "3", "4"]);
  assert.deepEqual(valuesOf(list, "c"), []);
  assert.equal(firstValue(list, "a"), "1, 2");
  assert.equal(firstValue(list, "c"), undefined);
});

test("a no-break space is a byte of a value, not white space", () => {
  assert.deepEqual(valuesOf(fields("A: \xa0x,\xa0"), "a"), ["\xa0x", "\xa0"]);
});

test("the fields of one connection stay on it (RFC 9110, 7.6.1)", () => {
  const own = [
    "Connection: keep-alive",
    "Proxy-Connection: keep-alive",
    "Keep-Alive: timeout=5",
    "TE: trailers",
    "Upgrade: h2c",
    "Proxy-Authenticate: NTLM",
    "Proxy-Authorization: Basic dTpw",
    "Proxy-Authentication-Info: x",
  ];
  assert.deepEqual(passed(...own, "Accept: */*", "Trailer: X", "Authorization: Basic dTpw"), [
    "Accept: */*",
    "Trailer: X",
    "Authorization: Basic dTpw",
  ]);
});

test("what Connection names goes too, in any case and over several lines", () => {
  assert.deepEqual(
    passed("X-One: 1", "Connection: x-ONE, X-Two", "x-two: 2", "CONNECTION: x-three", "X-Three: 3"),
    [],
  );
});

test("Connection cannot name away what says where a body ends or where a request goes", () => {
  const kept = ["Host: a", "Content-Length: 5", "Via: 1.1 b"];
  assert.deepEqual(
    passed("Connection: Host, Content-Length, Transfer-Encoding, VIA", ...kept).sort(),
    [...kept].sort(),
  );
  assert.deepEqual(passed("Connection: transfer-encoding", "Transfer-Encoding: chunked"), [
    "Transfer-Encoding: chunked",
  ]);
});

test("the same Content-Length given twice goes on once", () => {
  assert.deepEqual(passed("Content-Length: 5", "A: b", "Content-Length: 5"), ["A: b", "Content-Length: 5"]);
  assert.deepEqual(passed("Content-Length: 5, 5"), ["Content-Length: 5"]);
});

test("fields are written as they came, each with its CRLF", () => {
  assert.equal(writeFields(fields("a-B:  x\xe9 ", "C:")), "a-B: x\xe9\r\nC: \r\n");
  assert.equal(writeFields([]), "");
});
