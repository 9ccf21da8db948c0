import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeChallenge, parseChallenge } from "../../../src/auth/ntlm/challenge.ts";
import { ChallengeError } from "../../../src/core/errors.ts";
import vector from "../../vectors/ntlmv2.json" with { type: "json" };

const valid = Buffer.from(vector.challenge, "hex");
const changed = (at: number, hex: string) => {
  const copy = Buffer.from(valid);
  copy.set(Buffer.from(hex, "hex"), at);
  return copy;
};

test("the challenge of MS-NLMP 4.2.4 is read", () => {
  const challenge = decodeChallenge(` ${valid.toString("base64")} `);
  assert.equal(Buffer.from(challenge.serverChallenge).toString("hex"), vector.serverChallenge);
  assert.equal(challenge.flags, 0xe28a8233);
  assert.deepEqual(
    challenge.targetInfo.map(({ id, value }) => [id, Buffer.from(value).toString("utf16le")]),
    [
      [2, "Domain"],
      [1, "Server"],
    ],
  );
});

test("a challenge that ends after the server's 8 bytes, or has no target information, is read", () => {
  const oldest = changed(12, "0000000000000000").subarray(0, 32);
  oldest.writeUInt32LE(0x00008201, 20);
  assert.deepEqual(parseChallenge(oldest).targetInfo, []);
  assert.deepEqual(parseChallenge(changed(40, "0000000000000000")).targetInfo, []);
});

test("an empty field may point anywhere", () => {
  assert.deepEqual(parseChallenge(changed(40, "00000000ffffffff")).targetInfo, []);
});

const refused: readonly [string, Uint8Array, RegExp][] = [
  ["nothing", Buffer.alloc(0), /type 2/],
  ["another signature", changed(0, "00"), /type 2/],
  ["a first message", changed(8, "01"), /type 2/],
  ["31 bytes", valid.subarray(0, 31), /31 bytes/],
  ["a target name outside", changed(16, "ffffff7f"), /target name/],
  ["a target name behind 4 GiB", changed(16, "ffffffff"), /target name/],
  ["target information outside", changed(44, "61000000"), /target information/],
  ["target information longer than the rest", changed(40, "ffff"), /target information/],
  ["target information said but no room for it", valid.subarray(0, 44), /target name|target information/],
  ["neither Unicode nor OEM", changed(20, "30"), /neither Unicode nor OEM/],
  ["a pair that is cut off", changed(40, "1d00"), /cut off/],
  ["64 KiB and a byte", Buffer.concat([valid, Buffer.alloc(65537 - valid.length)]), /larger than 64 KiB/],
];
for (const [what, bytes, message] of refused)
  test(`a challenge with ${what} is a ChallengeError that says so`, () => {
    assert.throws(
      () => parseChallenge(bytes),
      (error) => error instanceof ChallengeError && message.test(error.message) && error.hint !== undefined,
    );
  });

for (const [what, text] of [
  ["is empty", ""],
  ["is not base64", 'realm="x"'],
  ["is base64 with a gap", "TlRM TVNT"],
  ["is base64url", "TlRM-_8"],
  ["is far too long", "A".repeat(10_000_000)],
] as const)
  test(`a challenge text that ${what} is a ChallengeError`, () => {
    assert.throws(() => decodeChallenge(text), ChallengeError);
  });
