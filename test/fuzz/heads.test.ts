import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { BodyScanner } from "../../src/http1/body.ts";
import { endToEnd, writeFields } from "../../src/http1/fields.ts";
import { keepsAlive, requestFraming, responseFraming } from "../../src/http1/framing.ts";
import { parseRequestHead, parseResponseHead } from "../../src/http1/head.ts";
import { parseAbsolute, parseAuthority } from "../../src/http1/target.ts";
import { collector, cut, isDocumented } from "../http1/messages.ts";
import { nearValidAnswers, nearValidRequests } from "../http1/near-valid.ts";

// Bounded by time, not by runs: SALLYPORT_FUZZ_SECONDS makes it longer, SALLYPORT_FUZZ_SEED repeats a run.
const seconds = Number(process.env.SALLYPORT_FUZZ_SECONDS ?? 10);
const seed = Number(process.env.SALLYPORT_FUZZ_SEED ?? Date.now() % 2 ** 31);

/** Runs a property for its share of the time, and says with which seed. */
function fuzz(name: string, share: number, property: fc.IProperty<[Buffer, number[]]>): void {
  test(name, (context) => {
    context.diagnostic(`seed ${seed}`);
    const details = fc.check(property, {
      seed,
      numRuns: Number.POSITIVE_INFINITY,
      interruptAfterTimeLimit: seconds * 1000 * share,
      markInterruptAsFailure: false,
    });
    context.diagnostic(`${details.numRuns} runs`);
    assert.ok(!details.failed, fc.defaultReportMessage(details) ?? "");
    assert.ok(details.numRuns > 10);
  });
}

/** A failure in the words of the codec is its work; anything else ends the run. */
function orDocumented(act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!isDocumented(error)) throw error;
  }
}

const places = fc.array(fc.nat(), { maxLength: 6 });

fuzz(
  "requests: only documented errors, whatever the split; what is accepted is understood the same when passed on",
  0.5,
  fc.property(nearValidRequests, places, (bytes, at) => {
    orDocumented(() => {
      const { text, rest } = splitHead(bytes, at);
      if (text === undefined) return;
      const head = parseRequestHead(text, 100);
      orDocumented(() => parseAbsolute(head.target));
      orDocumented(() => parseAuthority(head.target));
      const framing = requestFraming(head);
      const passed = endToEnd(head.fields);
      const again = parseRequestHead(
        `${head.method} ${head.target} HTTP/1.1\r\n${writeFields(passed)}`.slice(0, -2),
        100,
      );
      assert.deepEqual(again.fields, passed);
      assert.deepEqual(requestFraming(again), framing);
      scanSplit(framing, rest, at);
    });
  }),
);

fuzz(
  "answers: only documented errors, whatever the split; what is accepted is understood the same when passed on",
  0.5,
  fc.property(nearValidAnswers, places, (bytes, at) => {
    orDocumented(() => {
      const { text, rest } = splitHead(bytes, at);
      if (text === undefined) return;
      const head = parseResponseHead(text, 100);
      keepsAlive(head);
      const framing = responseFraming(head, "GET");
      const passed = endToEnd(head.fields);
      const again = parseResponseHead(
        `HTTP/1.1 ${head.status} ${head.reason}\r\n${writeFields(passed)}`.slice(0, -2),
        100,
      );
      assert.deepEqual(again.fields, passed);
      assert.deepEqual(responseFraming(again, "GET"), framing);
      scanSplit(framing, rest, at);
    });
  }),
);

/** Collects a head out of the parts, and gives what is after it. */
function splitHead(bytes: Buffer, at: readonly number[]): { text: string | undefined; rest: Buffer } {
  const one = collector();
  let used = 0;
  for (const part of cut(bytes, at)) {
    const result = one.push(part);
    used += result.used;
    if (result.text !== undefined) return { text: result.text, rest: bytes.subarray(used) };
  }
  return { text: undefined, rest: Buffer.alloc(0) };
}

/** A body must end at the same place in parts as in one piece. */
function scanSplit(
  framing: ConstructorParameters<typeof BodyScanner>[0],
  bytes: Buffer,
  at: readonly number[],
): void {
  const whole = new BodyScanner(framing);
  const parts = new BodyScanner(framing);
  const used = whole.scan(bytes);
  let sum = 0;
  for (const part of cut(bytes, at)) sum += parts.scan(part);
  assert.equal(sum, used);
  assert.equal(parts.done, whole.done);
}
