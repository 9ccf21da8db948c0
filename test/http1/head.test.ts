import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { AnswerError, BadRequestError } from "../../src/core/errors.ts";
import { writeFields } from "../../src/http1/fields.ts";
import { parseRequestHead, parseResponseHead } from "../../src/http1/head.ts";
import { isDocumented } from "./messages.ts";

const request = (text: string, most = 100) => parseRequestHead(text, most);
const response = (text: string, most = 100) => parseResponseHead(text, most);
const field = (name: string, value: string) => ({ name, lower: name.toLowerCase(), value });

test("a request's head keeps the case of names and the bytes of values", () => {
  assert.deepEqual(request("POST http://a/b?c HTTP/1.1\r\nHost: a\r\nX-ODD:\t v\xe9 \xa0\t \r\nE:"), {
    method: "POST",
    target: "http://a/b?c",
    minor: 1,
    fields: [field("Host", "a"), field("X-ODD", "v\xe9 \xa0"), field("E", "")],
  });
});

test("a request without fields is a request: Host is judged elsewhere", () => {
  assert.deepEqual(request("GET / HTTP/1.0"), { method: "GET", target: "/", minor: 0, fields: [] });
});

test("HTTP/1.2 is read as 1.1, and other major versions get 505 (RFC 9110, 2.5)", () => {
  assert.equal(request("GET / HTTP/1.2").minor, 1);
  for (const version of ["0.9", "2.0", "3.0"])
    assert.throws(() => request(`GET / HTTP/${version}`), { code: "SP_BAD_REQUEST", status: 505 });
});

const badRequests: readonly [string, string, RegExp][] = [
  ["a folded field", "GET / HTTP/1.1\r\nA: b\r\n c", /folded/],
  ["a folded field with a tab", "GET / HTTP/1.1\r\nA: b\r\n\tc: d", /folded/],
  ["white space before the first field", "GET / HTTP/1.1\r\n A: b", /folded/],
  [
    "a space before the colon",
    "GET / HTTP/1.1\r\nTransfer-Encoding : chunked",
    /white space before the colon/,
  ],
  ["a tab before the colon", "GET / HTTP/1.1\r\nContent-Length\t: 5", /white space before the colon/],
  ["a space within a name", "GET / HTTP/1.1\r\nContent Length: 5", /malformed/],
  ["a name of no characters", "GET / HTTP/1.1\r\n: 5", /malformed/],
  ["a field without a colon", "GET / HTTP/1.1\r\nHost", /malformed/],
  ["an empty line within", "GET / HTTP/1.1\r\n\r\nA: b", /malformed/],
  ["a name that is not a token", "GET / HTTP/1.1\r\nA(b): c", /malformed/],
  ["a name beyond ASCII", "GET / HTTP/1.1\r\nTransf\xe9r-Encoding: chunked", /malformed/],
  ["a bare LF between fields", "GET / HTTP/1.1\r\nA: b\nC: d", /bare CR or LF/],
  ["a bare LF after the request line", "GET / HTTP/1.1\nA: b", /bare CR or LF/],
  ["a bare CR within a value", "GET / HTTP/1.1\r\nA: b\rC: d", /bare CR or LF/],
  ["a CR before CRLF", "GET / HTTP/1.1\r\nA: b\r\r\nC: d", /bare CR or LF/],
  ["a null byte in a value", "GET / HTTP/1.1\r\nA: b\0c", /null byte/],
  ["a null byte in a name", "GET / HTTP/1.1\r\nA\0: b", /null byte/],
  ["a null byte in the target", "GET /\0 HTTP/1.1", /null byte/],
  ["a control character in a value", "GET / HTTP/1.1\r\nA: b\x01", /malformed/],
  ["a DEL in a value", "GET / HTTP/1.1\r\nA: b\x7f", /malformed/],
  ["a vertical tab before a value", "GET / HTTP/1.1\r\nTransfer-Encoding:\x0bchunked", /malformed/],
  ["two spaces in the request line", "GET  / HTTP/1.1", /request line/],
  ["a tab in the request line", "GET\t/ HTTP/1.1", /request line/],
  ["a space in the target", "GET /a b HTTP/1.1", /request line/],
  ["a space after the version", "GET / HTTP/1.1 ", /request line/],
  ["a lower-case protocol", "GET / http/1.1", /request line/],
  ["no version (HTTP/0.9)", "GET /", /request line/],
  ["a version of three digits", "GET / HTTP/1.10", /request line/],
  ["a method that is not a token", "G(T / HTTP/1.1", /request line/],
  ["TLS on the plain port", "\x16\x03\x01\x02", /request line/],
];
for (const [name, text, message] of badRequests)
  test(`a request with ${name} is refused with 400`, () => {
    assert.throws(
      () => request(text),
      (error) => {
        assert.ok(error instanceof BadRequestError);
        assert.equal(error.status, 400);
        assert.match(error.message, message);
        return true;
      },
    );
  });

test("500 fields pass a limit of 500, and not one of 499", () => {
  const text = `GET / HTTP/1.1\r\n${Array.from({ length: 500 }, (_, i) => `X-${i}: ${i}`).join("\r\n")}`;
  assert.equal(request(text, 500).fields.length, 500);
  assert.throws(() => request(text, 499), { status: 431, message: /500 header fields, more than 499/ });
  assert.throws(() => response(text.replace("GET / HTTP/1.1", "HTTP/1.1 200 OK"), 499), AnswerError);
});

test("one field of 60 kB is one field", () => {
  assert.equal(request(`GET / HTTP/1.1\r\nCookie: ${"x".repeat(60_000)}`).fields[0]!.value.length, 60_000);
});

test("an answer's head: status, reason, version", () => {
  assert.deepEqual(response("HTTP/1.0 404 Not here, \xe9\r\nA: b"), {
    status: 404,
    reason: "Not here, \xe9",
    minor: 0,
    fields: [field("A", "b")],
  });
  assert.equal(response("HTTP/1.1 200 ").reason, "");
  assert.equal(response("HTTP/1.1 200").reason, "");
});

test("an answer's folded lines become one, and white space before a colon goes (RFC 9112, 5.1 and 5.2)", () => {
  const text = "HTTP/1.1 200 OK\r\nA: b \r\n\t c\r\n  d \r\nContent-Length \t: 5\r\nE:\r\n f\r\nG: h";
  assert.deepEqual(response(text).fields, [
    field("A", "b c d"),
    field("Content-Length", "5"),
    field("E", "f"),
    field("G", "h"),
  ]);
});

const badAnswers: readonly [string, string][] = [
  ["a fold after the status line", "HTTP/1.1 200 OK\r\n Content-Length: 5\r\nA: b"],
  ["a name folded before its colon", "HTTP/1.1 200 OK\r\nTransfer-Encoding\r\n : chunked"],
  ["a bare LF", "HTTP/1.1 200 OK\nA: b"],
  ["a bare CR within a fold", "HTTP/1.1 200 OK\r\nA: b\r\r\n c"],
  ["a null byte", "HTTP/1.1 200 OK\r\nA: \0"],
  ["a control character in the reason", "HTTP/1.1 200 O\x07K"],
  ["another protocol", "ICY 200 OK"],
  ["HTTP/2", "HTTP/2.0 200 OK"],
  ["a status of two digits", "HTTP/1.1 20 OK"],
  ["a status of four digits", "HTTP/1.1 2000 OK"],
  ["a status below 100", "HTTP/1.1 099 OK"],
  ["no status", "HTTP/1.1"],
  ["a field without a colon", "HTTP/1.1 200 OK\r\nHost"],
];
for (const [name, text] of badAnswers)
  test(`an answer with ${name} is refused`, () => {
    assert.throws(() => response(text), AnswerError);
  });

test("60 kB of spaces or folds are read in linear time", () => {
  const started = process.cpuUsage();
  response(`HTTP/1.1 200 OK\r\nA: b\r\n c${" ".repeat(60_000)}x`);
  response(`HTTP/1.1 200 OK\r\nA: b${"\r\n ".repeat(20_000)}`);
  assert.throws(() => request(`GET / HTTP/1.1\r\nA${" ".repeat(60_000)}`), BadRequestError);
  assert.throws(() => response(`HTTP/1.1 200 OK\r\nA${" ".repeat(60_000)}`), AnswerError);
  // The quadratic form took seconds.
  assert.ok(process.cpuUsage(started).user < 500_000);
});

const token = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,20}$/);
const value = fc.stringMatching(/^([!-~\x80-\xff]([\t -~\x80-\xff]{0,30}[!-~\x80-\xff])?)?$/);
const fields = fc.array(
  fc.tuple(token, value).map(([name, text]) => field(name, text)),
  { maxLength: 20 },
);

test("any head that is written parses back to itself", () => {
  fc.assert(
    fc.property(token, fc.stringMatching(/^[!-~\x80-\xff]{1,40}$/), fields, (method, target, list) => {
      const head = { method, target, minor: 1 as const, fields: list };
      const text = `${method} ${target} HTTP/1.1\r\n${writeFields(list)}`.slice(0, -2);
      assert.deepEqual(request(text), head);
    }),
  );
  fc.assert(
    fc.property(fc.integer({ min: 100, max: 999 }), value, fields, (status, reason, list) => {
      const text = `HTTP/1.1 ${status} ${reason}\r\n${writeFields(list)}`.slice(0, -2);
      assert.deepEqual(response(text), { status, reason, minor: 1, fields: list });
    }),
  );
});

test("whatever the bytes, nothing is thrown but the documented errors", () => {
  const bytes = fc.uint8Array({ maxLength: 200 }).map((raw) => Buffer.from(raw).toString("latin1"));
  const nearly = fc
    .array(
      fc.constantFrom(
        "GET ",
        "/ ",
        "HTTP/1.1",
        "\r\n",
        "\r",
        "\n",
        " ",
        ":",
        "A",
        "\0",
        "200 ",
        "\xff",
        "\t",
      ),
    )
    .map((parts) => parts.join(""));
  fc.assert(
    fc.property(fc.oneof(bytes, nearly), (text) => {
      for (const parse of [request, response])
        try {
          parse(text);
        } catch (error) {
          assert.ok(isDocumented(error), String(error));
        }
    }),
    { numRuns: 2000 },
  );
});
