import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  avId,
  flagsOf,
  parseAvPairs,
  serializeAvPairs,
  timestampOf,
  withAvPair,
} from "../../../src/auth/ntlm/av-pairs.ts";
import { ChallengeError } from "../../../src/core/errors.ts";

const bytes = (hex: string) => Buffer.from(hex.replaceAll(" ", ""), "hex");
const shown = (hex: string) =>
  parseAvPairs(bytes(hex)).map(({ id, value }) => [id, Buffer.from(value).toString("hex")]);

const readable: readonly [string, string, [number, string][]][] = [
  ["nothing", "", []],
  ["only the end", "00000000", []],
  ["one pair and the end", "0100 0400 41004200 00000000", [[1, "41004200"]]],
  ["no end", "0100 0200 4100", [[1, "4100"]]],
  ["bytes after the end", "0100 0200 4100 00000000 ffffff", [[1, "4100"]]],
  ["an end with a length", "0000 ffff", []],
  [
    "unknown kinds",
    "efbe 0100 aa 0b00 0000 00000000",
    [
      [0xbeef, "aa"],
      [11, ""],
    ],
  ],
  ["a name of an odd length", "0100 0300 410042 00000000", [[1, "410042"]]],
  [
    "the same kind twice",
    "0200 0200 4100 0200 0200 4200 00000000",
    [
      [2, "4100"],
      [2, "4200"],
    ],
  ],
];
for (const [what, hex, pairs] of readable)
  test(`target information with ${what} is read`, () => {
    assert.deepEqual(shown(hex), pairs);
  });

for (const [what, hex] of [
  ["a value cut off", "0100 0400 4100"],
  ["a head cut off", "0100 04"],
  ["one byte after the last pair", "0100 0000 07"],
  ["the largest length", "0100 ffff 4100"],
] as const)
  test(`target information with ${what} is a ChallengeError`, () => {
    assert.throws(() => parseAvPairs(bytes(hex)), ChallengeError);
  });

test("a time or flags of another length than theirs count as absent", () => {
  assert.equal(timestampOf(parseAvPairs(bytes("0700 0400 01020304"))), undefined);
  assert.equal(flagsOf(parseAvPairs(bytes("0600 0200 0200"))), 0);
  assert.equal(flagsOf(parseAvPairs(bytes("0600 0400 02000080"))), 0x80000002);
});

test("of two times the first counts", () => {
  const pairs = parseAvPairs(bytes("0700 0800 0101010101010101 0700 0800 0202020202020202"));
  assert.equal(Buffer.from(timestampOf(pairs)!).toString("hex"), "0101010101010101");
});

test("setting a pair leaves exactly one of its kind, in the first one's place", () => {
  const pairs = parseAvPairs(bytes("0600 0000 0100 0200 4100 0600 0100 aa"));
  const changed = withAvPair(pairs, avId.flags, bytes("02000000"));
  assert.equal(
    Buffer.from(serializeAvPairs(changed)).toString("hex"),
    "060004000200000001000200410000000000",
  );
  const added = withAvPair(pairs, avId.targetName, bytes("5a00"));
  assert.equal(added.at(-1)!.id, avId.targetName);
  assert.equal(added.length, 4);
});

test("what is written is read back", () => {
  const pair = fc.record(
    { id: fc.integer({ min: 1, max: 0xffff }), value: fc.uint8Array({ maxLength: 80 }) },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(fc.array(pair, { maxLength: 20 }), (pairs) => {
      const again = parseAvPairs(serializeAvPairs(pairs));
      assert.deepEqual(
        again.map(({ id, value }) => ({ id, value: Uint8Array.from(value) })),
        pairs,
      );
    }),
  );
});
