import assert from "node:assert/strict";
import { test } from "node:test";
import { AnswerError, BadRequestError } from "../../src/core/errors.ts";
import { keepsAlive, requestFraming, responseFraming } from "../../src/http1/framing.ts";
import { parseRequestHead, parseResponseHead } from "../../src/http1/head.ts";

const ofRequest = (lines: string[], minor = 1) =>
  requestFraming(parseRequestHead([`POST / HTTP/1.${minor}`, ...lines].join("\r\n"), 100));
const ofAnswer = (lines: string[], method = "GET", status = 200) =>
  responseFraming(parseResponseHead([`HTTP/1.1 ${status} OK`, ...lines].join("\r\n"), 100), method);

const none = { kind: "none" };
const close = { kind: "close" };
const chunked = { kind: "chunked" };
const length = (bytes: number) => ({ kind: "length", length: bytes });

test("a request's body is framed as RFC 9112, 6.3 says", () => {
  assert.deepEqual(ofRequest([]), none);
  assert.deepEqual(ofRequest(["Content-Length: 0"]), length(0));
  assert.deepEqual(ofRequest(["Content-Length: 123456789012345"]), length(123456789012345));
  assert.deepEqual(ofRequest(["content-LENGTH: 5"], 0), length(5));
  assert.deepEqual(ofRequest(["Transfer-Encoding: Chunked"]), chunked);
  assert.deepEqual(ofRequest(["Content-Length: 5", "Content-Length: 5"]), length(5));
  assert.deepEqual(ofRequest(["Content-Length: 5, 5,5"]), length(5));
});

const smuggled: readonly [string, string[], number?, 0?][] = [
  ["Content-Length and Transfer-Encoding", ["Content-Length: 5", "Transfer-Encoding: chunked"]],
  ["Transfer-Encoding and Content-Length", ["Transfer-Encoding: chunked", "Content-Length: 5"]],
  ["Content-Length and an empty Transfer-Encoding", ["Content-Length: 5", "Transfer-Encoding:"]],
  ["Transfer-Encoding and an empty Content-Length", ["Transfer-Encoding: chunked", "Content-Length: "]],
  ["two Content-Lengths that differ", ["Content-Length: 5", "Content-Length: 6"]],
  ["two in one field that differ", ["Content-Length: 5, 6"]],
  ["the same number written in two ways", ["Content-Length: 5", "Content-Length: 05"]],
  ["an empty Content-Length", ["Content-Length:"]],
  ["an empty member of Content-Length", ["Content-Length: ,5"]],
  ["nothing but a comma", ["Content-Length: ,"]],
  ["a signed Content-Length", ["Content-Length: +5"]],
  ["a negative Content-Length", ["Content-Length: -5"]],
  ["a hexadecimal Content-Length", ["Content-Length: 0x5"]],
  ["a Content-Length with a fraction", ["Content-Length: 5.0"]],
  ["two numbers without a comma", ["Content-Length: 5 5"]],
  ["a Content-Length beyond what a number holds", ["Content-Length: 9999999999999999"]],
  ["digits that are not ASCII", ["Content-Length: \xb2"]],
  ["a no-break space around the length", ["Content-Length: 5,\xa05"]],
  ["chunked by HTTP/1.0", ["Transfer-Encoding: chunked"], 400, 0],
  ["an empty Transfer-Encoding", ["Transfer-Encoding:"]],
  ["an empty member before chunked", ["Transfer-Encoding: ,chunked"]],
  ["an empty member after chunked", ["Transfer-Encoding: chunked,"]],
  ["chunked, identity", ["Transfer-Encoding: chunked, identity"], 501],
  ["identity, chunked", ["Transfer-Encoding: identity, chunked"], 501],
  ["gzip, chunked", ["Transfer-Encoding: gzip, chunked"], 501],
  ["chunked twice", ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"], 501],
  ["identity", ["Transfer-Encoding: identity"], 501],
  ["chunked with a parameter", ["Transfer-Encoding: chunked;q=1"], 501],
  ["xchunked", ["Transfer-Encoding: xchunked"], 501],
  ["chunked in quotes", ['Transfer-Encoding: "chunked"'], 501],
  ["a no-break space before chunked", ["Transfer-Encoding: \xa0chunked"], 501],
  ["a no-break space beside a comma", ["Transfer-Encoding: chunked,\xa0"], 501],
];
for (const [name, lines, status = 400, minor = 1] of smuggled)
  test(`a request with ${name} is refused with ${status}`, () => {
    assert.throws(
      () => ofRequest(lines, minor),
      (error) => error instanceof BadRequestError && error.status === status,
    );
  });

test("an answer's body is framed as RFC 9112, 6.3 says", () => {
  assert.deepEqual(ofAnswer([]), close);
  assert.deepEqual(ofAnswer(["Content-Length: 7"]), length(7));
  assert.deepEqual(ofAnswer(["Content-Length: 7", "Content-Length: 7"]), length(7));
  assert.deepEqual(ofAnswer(["Transfer-Encoding: chunked"]), chunked);
  assert.deepEqual(ofAnswer(["Transfer-Encoding: gzip, chunked"]), chunked);
  assert.deepEqual(ofAnswer(["Transfer-Encoding: gzip"]), close);
  assert.deepEqual(ofAnswer(["Transfer-Encoding:"]), close);
  assert.deepEqual(ofAnswer(["Content-Length: 7"], "HEAD"), none);
  for (const status of [100, 101, 103, 204, 304])
    assert.deepEqual(ofAnswer(["Content-Length: 7", "Transfer-Encoding: chunked"], "GET", status), none);
});

for (const lines of [
  ["Content-Length: 5", "Transfer-Encoding: chunked"],
  ["Content-Length: 5", "Content-Length: 6"],
  ["Content-Length: five"],
  ["Content-Length:"],
  ["Transfer-Encoding: chunked, identity"],
  ["Transfer-Encoding: chunked, chunked"],
  ["Transfer-Encoding: chunked,"],
])
  test(`an answer with ${lines.join(" and ")} is refused`, () => {
    assert.throws(() => ofAnswer(lines), AnswerError);
  });

test("a connection goes on after a message when the message's version and words say so", () => {
  const keeps = (minor: 0 | 1, ...lines: string[]) =>
    keepsAlive(parseRequestHead([`GET / HTTP/1.${minor}`, ...lines].join("\r\n"), 100));
  assert.equal(keeps(1), true);
  assert.equal(keeps(0), false);
  assert.equal(keeps(1, "Connection: x, Close"), false);
  assert.equal(keeps(1, "Proxy-Connection: close"), false);
  assert.equal(keeps(0, "Connection: Keep-Alive"), true);
  assert.equal(keeps(0, "Proxy-Connection: keep-alive"), true);
  assert.equal(keeps(0, "Connection: keep-alive", "Proxy-Connection: close"), false);
  assert.equal(keeps(0, "Connection: keep-alive", "Transfer-Encoding: chunked"), false);
});
