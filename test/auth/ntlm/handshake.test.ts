import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import fc from "fast-check";
import { ntlmHandshake } from "../../../src/auth/ntlm/handshake.ts";
import { ntHash, ntlmv2Hash, upperCase } from "../../../src/auth/ntlm/hashes.ts";
import { createChallenge } from "../../../src/auth/ntlm/verifier.ts";
import type { Credential } from "../../../src/core/credential.ts";
import { ChallengeError, NoCredentialError } from "../../../src/core/errors.ts";
import { Secret } from "../../../src/core/secret.ts";
import vector from "../../vectors/ntlmv2.json" with { type: "json" };
import { expectedKey, expectedMic, expectedProof, hmac, readAuthenticate } from "./read-authenticate.ts";

const identity = { username: "testuser", domain: "CORP", workstation: "", auth: "auto" } as const;
const credential: Credential = { ...identity, password: new Secret("S3cret-pass") };
const message = (header: string) => Buffer.from(header.replace(/^NTLM /, ""), "base64");
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
const realm = { targetName: "CORP", dnsDomain: "corp.test" };

test("the first leg is constant, the second carries the proof, and a third is not due", () => {
  const handshake = ntlmHandshake(credential);
  assert.equal(handshake.binds, "connection");
  assert.equal(handshake.proves, false);
  const first = handshake.next(undefined);
  assert.equal(first, "NTLM TlRMTVNTUAABAAAAB4IIogAAAAAAAAAAAAAAAAAAAAAKAGFKAAAADw==");
  assert.equal(handshake.proves, false);
  const challenge = base64(createChallenge(realm).message);
  assert.match(handshake.next(challenge), /^NTLM [A-Za-z0-9+/]+=*$/);
  assert.equal(handshake.proves, true);
  assert.throws(() => handshake.next(challenge), ChallengeError);
});

test("an answer without a challenge, or none at all, is a ChallengeError and no proof", () => {
  for (const answer of ["", undefined]) {
    const handshake = ntlmHandshake(credential);
    handshake.next(undefined);
    assert.throws(() => handshake.next(answer), ChallengeError);
    assert.equal(handshake.proves, false);
  }
});

test("a password, its NT hash and its NTLMv2 hash sign in alike", () => {
  const nt = ntHash("S3cret-pass");
  for (const one of [
    credential,
    { ...identity, ntHash: new Secret(nt) },
    { ...identity, ntlmv2Hash: new Secret(ntlmv2Hash(nt, "testuser", "CORP")) },
  ]) {
    const handshake = ntlmHandshake(one, { parentHost: "proxy.corp.test" });
    const issued = createChallenge(realm);
    const negotiate = message(handshake.next(undefined));
    const authenticate = message(handshake.next(base64(issued.message)));
    const verdict = issued.verify(authenticate, negotiate, () => new Secret("S3cret-pass"));
    assert.deepEqual(verdict, { ok: true, user: "testuser", domain: "CORP" });
  }
});

test("the parent's name is the service that is asked for, and a workstation is this host's unless one is set", () => {
  const answer = (workstation: string) => {
    const handshake = ntlmHandshake({ ...credential, workstation }, { parentHost: "10.0.0.41" });
    handshake.next(undefined);
    return readAuthenticate(message(handshake.next(base64(createChallenge(realm).message))));
  };
  assert.equal(answer("").pairs.get(9)!.toString("utf16le"), "HTTP/10.0.0.41");
  assert.match(answer("").workstation, /^[^a-z.]{1,15}$/);
  assert.equal(answer("ci-Host").workstation, "ci-Host");
});

test("without a name, or with neither password nor hash, there is no handshake", () => {
  assert.throws(() => ntlmHandshake(identity), NoCredentialError);
  assert.throws(() => ntlmHandshake({ ...credential, username: "" }), NoCredentialError);
});

test("the hash of a password is made once for a credential", () => {
  let reads = 0;
  const counting = new (class extends Secret<string> {
    override reveal(): string {
      reads++;
      return super.reveal();
    }
  })("S3cret-pass");
  const one: Credential = { ...identity, password: counting };
  for (let i = 0; i < 3; i++) ntlmHandshake(one);
  assert.equal(reads, 1);
});

test("a handshake shows nothing secret of itself", () => {
  assert.doesNotMatch(inspect(ntlmHandshake(credential), { depth: 9, showHidden: true }), /S3cret-pass/);
});

test("for any names and password, the proof and the integrity code are what the server computes", () => {
  const text = fc.string({ unit: "binary", maxLength: 40 });
  const name = fc.string({ unit: "binary", minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(
      name,
      text,
      text,
      name,
      fc.boolean(),
      (username, domain, password, workstation, timestamp) => {
        const issued = createChallenge({ ...realm, timestamp });
        const handshake = ntlmHandshake({
          username,
          domain,
          workstation,
          auth: "ntlm",
          password: new Secret(password),
        });
        const negotiate = message(handshake.next(undefined));
        const authenticate = message(handshake.next(base64(issued.message)));
        const read = readAuthenticate(authenticate);
        assert.deepEqual([read.user, read.domain, read.workstation], [username, domain, workstation]);
        const key = expectedKey(password, upperCase(username), domain);
        const proof = expectedProof(key, issued.message.subarray(24, 32), read.nt);
        assert.deepEqual(read.nt.subarray(0, 16), proof);
        assert.equal(read.mic.length, timestamp ? 16 : 0);
        if (timestamp)
          assert.deepEqual(read.mic, expectedMic(hmac(key, proof), negotiate, issued.message, authenticate));
      },
    ),
    { numRuns: 300 },
  );
});

// --- hostile second messages

/** Either a third message that a parser takes apart, or a ChallengeError. */
function survives(text: string): "answered" | "refused" {
  const handshake = ntlmHandshake(credential, { parentHost: "parent" });
  handshake.next(undefined);
  let header: string;
  try {
    header = handshake.next(text);
  } catch (error) {
    assert.ok(error instanceof ChallengeError, inspect(error));
    assert.ok(error.message.length < 300);
    assert.equal(handshake.proves, false);
    return "refused";
  }
  readAuthenticate(message(header));
  return "answered";
}

const seeds = [Buffer.from(vector.challenge, "hex"), Buffer.from(createChallenge(realm).message)];

test("random text and random bytes are refused, and nothing else happens", () => {
  const frame = (tail: Uint8Array) => Buffer.concat([Buffer.from("NTLMSSP\0\x02\0\0\0", "latin1"), tail]);
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      survives(text);
    }),
    { numRuns: 500 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (tail, framed) => {
      survives(base64(framed ? frame(tail) : tail));
    }),
    { numRuns: 2000 },
  );
});

test("a valid challenge with bytes changed, cut off or added is answered or refused, and nothing else happens", () => {
  const outcomes = new Set<string>();
  const change = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }));
  fc.assert(
    fc.property(
      fc.constantFrom(...seeds),
      fc.array(change, { minLength: 1, maxLength: 6 }),
      fc.option(fc.nat({ max: 200 })),
      fc.uint8Array({ maxLength: 20 }),
      (seed, changes, length, tail) => {
        const mutated = Buffer.concat([seed.subarray(0, length ?? seed.length), tail]);
        for (const [at, value] of changes) if (mutated.length > 0) mutated[at % mutated.length] = value;
        outcomes.add(survives(base64(mutated)));
      },
    ),
    { numRuns: 3000 },
  );
  assert.deepEqual([...outcomes].sort(), ["answered", "refused"]);
});

test("any length, room and offset of any field is answered or refused, and nothing else happens", () => {
  const edge = fc.constantFrom(0, 1, 4, 31, 32, 55, 56, 255, 0x7fff, 0xffff);
  const offset = fc.oneof(edge, fc.constantFrom(0x7fffffff, 0x80000000, 0xffffffff), fc.nat({ max: 300 }));
  const field = fc.record({ length: fc.oneof(edge, fc.nat({ max: 300 })), room: edge, offset });
  fc.assert(
    fc.property(fc.constantFrom(...seeds), field, field, (seed, name, info) => {
      const mutated = Buffer.from(seed);
      for (const [at, value] of [
        [12, name],
        [40, info],
      ] as const) {
        mutated.writeUInt16LE(value.length, at);
        mutated.writeUInt16LE(value.room, at + 2);
        mutated.writeUInt32LE(value.offset, at + 4);
      }
      survives(base64(mutated));
    }),
    { numRuns: 3000 },
  );
});

test("target information of 60 KiB of empty pairs is answered in no time", () => {
  const pairs = Buffer.alloc(60_000);
  for (let at = 0; at < pairs.length; at += 4) pairs[at] = 1 + (at % 12);
  const bytes = Buffer.concat([seeds[1]!.subarray(0, 56), pairs]);
  bytes.fill(0, 12, 20);
  bytes.writeUInt16LE(pairs.length, 40);
  bytes.writeUInt32LE(56, 44);
  const started = performance.now();
  assert.equal(survives(base64(bytes)), "answered");
  assert.ok(performance.now() - started < 1000);
});
