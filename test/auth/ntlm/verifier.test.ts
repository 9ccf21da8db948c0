import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { authenticateMessage } from "../../../src/auth/ntlm/authenticate.ts";
import { parseChallenge } from "../../../src/auth/ntlm/challenge.ts";
import { ntHash, ntlmv2Hash } from "../../../src/auth/ntlm/hashes.ts";
import { negotiateMessage } from "../../../src/auth/ntlm/negotiate.ts";
import { createChallenge, type VerifierOptions } from "../../../src/auth/ntlm/verifier.ts";
import { Secret } from "../../../src/core/secret.ts";

const options: VerifierOptions = { targetName: "CORP", dnsDomain: "corp.test" };
const accounts = (user: string, domain: string) =>
  user.toLowerCase() === "testuser" && domain === "CORP" ? new Secret("S3cret-pass") : undefined;

function answer(
  challenge: Uint8Array,
  { username = "testuser", domain = "CORP", password = "S3cret-pass", negotiate = negotiateMessage } = {},
): Uint8Array {
  return authenticateMessage({
    negotiate,
    challenge: parseChallenge(challenge),
    username,
    domain,
    workstation: "CI",
    ntlmv2Hash: ntlmv2Hash(ntHash(password), username, domain),
  });
}

test("a challenge has random bytes, the domain's names and the time", () => {
  const now = Date.UTC(2026, 0, 1);
  const [one, two] = [
    createChallenge({ ...options, now }).message,
    createChallenge({ ...options, now }).message,
  ];
  assert.notDeepEqual(one.subarray(24, 32), two.subarray(24, 32));
  const time = parseChallenge(one).targetInfo.find((pair) => pair.id === 7)!;
  const filetime = Buffer.from(time.value).readBigUInt64LE();
  assert.equal(Number(filetime / 10_000n) - 11_644_473_600_000, now);
});

test("the right password is accepted, with and without an integrity code, whatever the user's case", () => {
  for (const timestamp of [true, false]) {
    const issued = createChallenge({ ...options, timestamp });
    const verdict = issued.verify(
      answer(issued.message, { username: "TestUser" }),
      negotiateMessage,
      accounts,
    );
    assert.deepEqual(verdict, { ok: true, user: "TestUser", domain: "CORP" });
  }
});

test("a wrong password, an unknown account and another challenge are refused with the reason", () => {
  const issued = createChallenge(options);
  const reasonFor = (bytes: Uint8Array) => issued.verify(bytes, negotiateMessage, accounts).reason;
  assert.equal(reasonFor(answer(issued.message, { password: "no" })), "wrong password");
  assert.equal(reasonFor(answer(issued.message, { username: "who" })), "no such account");
  assert.equal(reasonFor(answer(createChallenge(options).message)), "wrong password");
});

test("an integrity code does not fit when the first message or the third was changed on the way", () => {
  const issued = createChallenge(options);
  const bytes = Buffer.from(answer(issued.message));
  const other = Uint8Array.from(negotiateMessage);
  other[12]! ^= 2;
  assert.equal(issued.verify(bytes, other, accounts).reason, "the integrity code is wrong");
  bytes[60]! ^= 0x10;
  assert.equal(issued.verify(bytes, negotiateMessage, accounts).reason, "the integrity code is wrong");
});

test("NTLMv1 and messages of other kinds are refused", () => {
  const issued = createChallenge(options);
  const v1 = Buffer.from(answer(issued.message));
  v1.writeUInt16LE(24, 20);
  assert.equal(issued.verify(v1, negotiateMessage, accounts).reason, "NTLMv1 is not accepted");
  assert.equal(issued.verify(negotiateMessage, negotiateMessage, accounts).ok, false);
});

test("changed bytes never sign anybody in and never throw", () => {
  const issued = createChallenge(options);
  const valid = answer(issued.message);
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 1, max: 255 }), fc.nat({ max: 400 }), (at, flip, length) => {
      const mutated = Uint8Array.from(valid.subarray(0, Math.max(1, Math.min(length, valid.length))));
      mutated[at % mutated.length]! ^= flip;
      assert.equal(issued.verify(mutated, negotiateMessage, accounts).ok, false);
    }),
    { numRuns: 3000 },
  );
});
