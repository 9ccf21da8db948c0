import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { BodyFault, BodyScanner } from "../../src/http1/body.ts";
import type { Framing } from "../../src/http1/framing.ts";
import { cut, takeBody } from "./messages.ts";

const chunked: Framing = { kind: "chunked" };
const scan = (text: string) => takeBody(chunked, Buffer.from(text, "latin1"));

test("a body of a known length ends at its last byte", () => {
  assert.deepEqual(takeBody({ kind: "length", length: 3 }, Buffer.from("abcdef")), { used: 3, data: "abc" });
  assert.equal(takeBody({ kind: "length", length: 7 }, Buffer.from("abcdef")), undefined);
  assert.equal(new BodyScanner({ kind: "length", length: 0 }).done, true);
  assert.equal(new BodyScanner({ kind: "none" }).done, true);
});

test("a body that the connection's end ends takes all and is never done", () => {
  const scanner = new BodyScanner({ kind: "close" });
  assert.equal(scanner.scan(Buffer.from("abc")), 3);
  assert.equal(scanner.done, false);
});

const good: readonly [string, string, string][] = [
  ["two chunks", "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", "hello world"],
  ["no chunk at all", "0\r\n\r\n", ""],
  ["upper and lower case digits", "A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789"],
  ["leading zeros", "005\r\nhello\r\n000\r\n\r\n", "hello"],
  ["an extension", "5;name=value\r\nhello\r\n0;last\r\n\r\n", "hello"],
  ["an extension after white space", '5 \t;n="q"\r\nhello\r\n0\r\n\r\n', "hello"],
  ["sizes padded with spaces, as old servers do", "5  \r\nhello\r\n0 \r\n\r\n", "hello"],
  ["trailers", "5\r\nhello\r\n0\r\nX-Sum: 1\r\nY:\r\n\r\n", "hello"],
  ["CRLF within a chunk", "4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n"],
];
for (const [name, text, data] of good)
  test(`chunked: ${name}`, () => {
    assert.deepEqual(scan(`${text}GET`), { used: text.length, data });
  });

const bad: readonly [string, string][] = [
  ["no size", "\r\nhello"],
  ["a size that is not hexadecimal", "g\r\n"],
  ["0x before a size", "0x5\r\nhello\r\n0\r\n\r\n"],
  ["a sign", "+5\r\nhello\r\n0\r\n\r\n"],
  ["a minus", "-5\r\n"],
  ["a space before a size", " 5\r\nhello\r\n0\r\n\r\n"],
  ["two sizes", "5 5\r\nhello\r\n0\r\n\r\n"],
  ["words after a size without a semicolon", "5 foo\r\nhello\r\n0\r\n\r\n"],
  ["a size that overflows 32 bits and 64", "10000000000000005\r\nhello\r\n0\r\n\r\n"],
  ["a size of thirteen digits", "0000000000005\r\nhello\r\n0\r\n\r\n"],
  ["LF alone after a size", "5\nhello\r\n0\r\n\r\n"],
  ["LF alone in an extension", "5;a\nhello\r\n0\r\n\r\n"],
  ["CR alone in an extension", "5;a\rb\r\nhello\r\n0\r\n\r\n"],
  ["a null byte in an extension", "5;a\0\r\nhello\r\n0\r\n\r\n"],
  ["LF alone after a chunk", "5\r\nhello\n0\r\n\r\n"],
  ["a chunk longer than its size", "5\r\nhello!\r\n0\r\n\r\n"],
  ["LF alone at the end", "5\r\nhello\r\n0\r\n\n"],
  ["CR alone at the end", "0\r\n\rX"],
  ["LF alone in a trailer", "0\r\nA: b\n\r\n"],
  ["CR alone in a trailer", "0\r\nA: b\rC\r\n\r\n"],
  ["a trailer without a colon", "0\r\nAb\r\n\r\n"],
  ["a trailer without a name", "0\r\n: b\r\n\r\n"],
  ["a Content-Length among the trailers", "0\r\nA: b\r\ncontent-LENGTH: 5\r\n\r\n"],
  ["a Transfer-Encoding among the trailers", "0\r\nTransfer-Encoding: chunked\r\n\r\n"],
  ["a space before a trailer's colon", "0\r\nA : b\r\n\r\n"],
  ["a folded trailer", "0\r\nA: b\r\n c\r\n\r\n"],
  ["a null byte in a trailer", "0\r\nA: \0\r\n\r\n"],
];
for (const [name, text] of bad)
  test(`chunked: ${name} is refused`, () => {
    assert.throws(() => scan(text), BodyFault);
  });

test("endless extensions, trailers and padding are refused", () => {
  for (const start of ["5;", "5 ", "0\r\nA", "0\r\nA: "]) {
    const scanner = new BodyScanner(chunked);
    scanner.scan(Buffer.from(start));
    const more = Buffer.alloc(1024, start === "5 " ? " " : "x");
    assert.throws(() => {
      for (let i = 0; i < 65; i++) scanner.scan(more);
    }, BodyFault);
  }
  // A long body with a short extension for each chunk is not endless.
  const scanner = new BodyScanner(chunked);
  const chunk = Buffer.from(`1;${"x".repeat(1000)}\r\na\r\n`);
  for (let i = 0; i < 70; i++) assert.equal(scanner.scan(chunk), chunk.length);
});

test("a chunk of 200 TB is counted without a rounding error", () => {
  const scanner = new BodyScanner(chunked);
  scanner.scan(Buffer.from("ffffffffffff\r\n"));
  assert.equal(scanner.scan(Buffer.alloc(1000)), 1000);
  assert.equal(scanner.done, false);
});

/** Bodies with every freedom that the grammar gives. */
const bodies = fc
  .record({
    chunks: fc.array(
      fc.record({
        data: fc.uint8Array({ minLength: 1, maxLength: 40 }),
        zeros: fc.nat(4),
        upper: fc.boolean(),
        extension: fc.constantFrom("", ";a", ";a=b", ' ; a="b;c"', "\t"),
      }),
      { maxLength: 6 },
    ),
    trailers: fc.constantFrom("", "A: b\r\n", "A:\r\nB: c\xff\r\n"),
  })
  .map(({ chunks, trailers }) => {
    const parts = chunks.flatMap(({ data, zeros, upper, extension }) => {
      const size = "0".repeat(zeros) + data.length.toString(16);
      return [
        Buffer.from(`${upper ? size.toUpperCase() : size}${extension}\r\n`),
        Buffer.from(data),
        Buffer.from("\r\n"),
      ];
    });
    return {
      bytes: Buffer.concat([...parts, Buffer.from(`0\r\n${trailers}\r\n`, "latin1")]),
      data: Buffer.concat(chunks.map((chunk) => chunk.data)),
    };
  });

test("a body split anywhere, byte by byte too, has the same end and the same data", () => {
  fc.assert(
    fc.property(bodies, fc.array(fc.nat(), { maxLength: 10 }), ({ bytes, data }, places) => {
      const after = Buffer.concat([bytes, Buffer.from("5\r\nnext")]);
      for (const at of [places, [...after.keys()]]) {
        const scanner: BodyScanner = new BodyScanner(chunked);
        const got: Buffer[] = [];
        let used = 0;
        for (const part of cut(after, at))
          used += scanner.scan(part, (from: number, to: number) => got.push(part.subarray(from, to)));
        assert.equal(used, bytes.length);
        assert.equal(scanner.done, true);
        assert.deepEqual(Buffer.concat(got), data);
      }
    }),
  );
});

test("whatever the bytes, nothing is thrown but BodyFault", () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom("0", "5", "\r\n", "\r", "\n", ";", " ", "a", "hello", "\0", ":")),
      (parts) => {
        try {
          scan(parts.join(""));
        } catch (error) {
          assert.ok(error instanceof BodyFault);
        }
      },
    ),
    { numRuns: 2000 },
  );
});
