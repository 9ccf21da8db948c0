import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { endToEnd, writeFields } from "../../src/http1/fields.ts";
import { requestFraming, responseFraming } from "../../src/http1/framing.ts";
import { parseRequestHead, parseResponseHead } from "../../src/http1/head.ts";
import { llhttp } from "./llhttp.ts";
import { collector, isDocumented, takeBody, takeRequests } from "./messages.ts";
import { nearValidAnswers, nearValidRequests } from "./near-valid.ts";

/**
 * Where this parser accepts, and llhttp refuses without danger: it cannot lead to two views of where a message ends.
 * All else that only one of the two accepts would be a way to smuggle.
 */
const harmless: ReadonlyMap<string, string> = new Map([
  ["HPE_INVALID_METHOD", "it knows a list of methods; any token is one here (RFC 9110, 9.1)"],
  ["HPE_INVALID_URL", "it judges the target itself; here target.ts does that"],
  ["HPE_INVALID_VERSION", "HTTP/1.2 is read as 1.1 here (RFC 9110, 2.5)"],
  ["HPE_INVALID_CONSTANT", "the same for a method that begins like one it knows"],
  [
    "HPE_INVALID_CONTENT_LENGTH",
    "`5, 5` is 5 (RFC 9112, 6.3), and goes on as `5`: see the test of what goes on",
  ],
  ["HPE_UNEXPECTED_CONTENT_LENGTH", "the same over two fields"],
  ["HPE_INVALID_TRANSFER_ENCODING", "a tab after `chunked`, which goes on without it: the same test"],
]);
/** Harmless in a body: what pads a chunk's size, and what stands after its semicolon, where llhttp wants the grammar. */
const extended = /^[0-9a-f]+([ \t]+|[ \t]*;[^\n]*)$/im;

test("what this parser accepts of a connection, llhttp accepts with the same bodies", () => {
  const seen = { accepted: 0, refused: 0 };
  fc.assert(
    fc.property(nearValidRequests, (bytes) => {
      const own = takeRequests(bytes);
      const other = llhttp("REQUEST", bytes);
      if (own.taken.length === 0) seen.refused++;
      else seen.accepted++;
      own.taken.forEach((message, i) => {
        const theirs = other.taken[i];
        if (theirs === undefined && mayRefuse(bytes, other.code)) return;
        assert.deepEqual(message, theirs, `llhttp: ${other.code ?? "wants more"}`);
      });
    }),
    { numRuns: 20_000 },
  );
  // A test of nothing but refused requests would prove nothing.
  assert.ok(seen.accepted > 1000 && seen.refused > 1000, JSON.stringify(seen));
});

test("what goes on to the next hop, llhttp reads with the same body, twice the same length or not", () => {
  const seen = { passed: 0 };
  fc.assert(
    fc.property(nearValidRequests, (bytes) => {
      const passed = passOn(bytes);
      if (passed === undefined) return;
      seen.passed++;
      const { taken, code } = llhttp("REQUEST", Buffer.concat([passed.bytes, NEXT]));
      if (
        taken.length === 0 &&
        mayRefuse(passed.bytes, code) &&
        !code?.match(/CONTENT_LENGTH|TRANSFER_ENCODING/)
      )
        return;
      assert.deepEqual([taken.length, taken[0]?.body], [2, passed.body], code ?? "wants more");
    }),
    { numRuns: 20_000 },
  );
  assert.ok(seen.passed > 500, JSON.stringify(seen));
});

const NEXT = Buffer.from("GET /next HTTP/1.1\r\n\r\n");

/** The first request of these bytes as it goes on, undefined when it is refused or not complete. */
function passOn(bytes: Buffer): { bytes: Buffer; body: string } | undefined {
  try {
    const { text, used } = collector().push(bytes);
    if (text === undefined) return undefined;
    const head = parseRequestHead(text, 100);
    const body = takeBody(requestFraming(head), bytes.subarray(used));
    if (body === undefined) return undefined;
    const written = `${head.method} / HTTP/1.1\r\n${writeFields(endToEnd(head.fields))}\r\n`;
    const framed = bytes.subarray(used, used + body.used);
    return { bytes: Buffer.concat([Buffer.from(written, "latin1"), framed]), body: body.data };
  } catch (error) {
    if (!isDocumented(error)) throw error;
    return undefined;
  }
}

function mayRefuse(bytes: Buffer, code: string | undefined): boolean {
  if (code === undefined) return false;
  return harmless.has(code) || extended.test(bytes.toString("latin1").replaceAll("\r\n", "\n"));
}

test("an answer that both accept has the same body to both", () => {
  const seen = { both: 0 };
  fc.assert(
    fc.property(nearValidAnswers, (bytes) => {
      const own = takeAnswer(bytes);
      const [theirs] = llhttp("RESPONSE", bytes).taken;
      if (own === undefined || theirs === undefined) return;
      seen.both++;
      assert.equal(own, theirs.body);
    }),
    { numRuns: 20_000 },
  );
  assert.ok(seen.both > 1000, JSON.stringify(seen));
});

/** The body of an answer that is whole, undefined when it is refused or not complete. */
function takeAnswer(bytes: Buffer): string | undefined {
  try {
    const { text, used } = collector().push(bytes);
    if (text === undefined) return undefined;
    const head = parseResponseHead(text, 100);
    return takeBody(responseFraming(head, "GET"), bytes.subarray(used))?.data;
  } catch (error) {
    if (!isDocumented(error)) throw error;
    return undefined;
  }
}
