import assert from "node:assert/strict";
import { test } from "node:test";
import { type AuthenticateInput, authenticateMessage } from "../../../src/auth/ntlm/authenticate.ts";
import { type AvPair, avId, serializeAvPairs } from "../../../src/auth/ntlm/av-pairs.ts";
import { type NtlmChallenge, parseChallenge } from "../../../src/auth/ntlm/challenge.ts";
import { negotiateMessage } from "../../../src/auth/ntlm/negotiate.ts";
import { rc4 } from "../../../src/auth/ntlm/rc4.ts";
import { ntlmv2Response } from "../../../src/auth/ntlm/response.ts";
import { ChallengeError } from "../../../src/core/errors.ts";
import vector from "../../vectors/ntlmv2.json" with { type: "json" };
import epa from "../../vectors/ntlmv2-epa.json" with { type: "json" };
import { expectedMic, expectedProof, hmac, readAuthenticate } from "./read-authenticate.ts";

const bytes = (hex: string) => Buffer.from(hex, "hex");
const hex = (value: Uint8Array) => Buffer.from(value).toString("hex");
const filetimeZero = -11_644_473_600_000;

const vectorInput: AuthenticateInput = {
  negotiate: negotiateMessage,
  challenge: parseChallenge(bytes(vector.challenge)),
  username: vector.user,
  domain: vector.domain,
  workstation: vector.workstation,
  ntlmv2Hash: bytes(vector.ntlmv2Hash),
  now: () => filetimeZero,
  random: (size) => bytes(size === 8 ? vector.clientChallenge : vector.randomSessionKey),
  version: bytes(vector.version),
};

/** The vector's challenge with other flags or other pairs. */
function challengeWith(change: { clear?: number; set?: number; pairs?: AvPair[] }): NtlmChallenge {
  const message = bytes(vector.challenge);
  message.writeUInt32LE(((message.readUInt32LE(20) & ~(change.clear ?? 0)) | (change.set ?? 0)) >>> 0, 20);
  if (!change.pairs) return parseChallenge(message);
  const info = serializeAvPairs(change.pairs);
  message.writeUInt16LE(info.length, 40);
  message.writeUInt16LE(info.length, 42);
  return parseChallenge(Buffer.concat([message.subarray(0, 0x44), info]));
}

const time = { id: avId.timestamp, value: bytes("7be73fc30bdecd01") };

test("the NTLMv2 response of MS-NLMP 4.2.4 comes out", () => {
  const response = ntlmv2Response(bytes(vector.ntlmv2Hash), bytes(vector.serverChallenge), {
    time: Buffer.alloc(8),
    clientChallenge: bytes(vector.clientChallenge),
    targetInfo: vectorInput.challenge.targetInfo,
    lmv2: true,
  });
  assert.equal(hex(response.nt), vector.ntProofStr + vector.structure);
  assert.equal(hex(response.lm), vector.lmv2Response);
  assert.equal(hex(response.sessionBaseKey), vector.sessionBaseKey);
  assert.equal(hex(rc4(response.sessionBaseKey, bytes(vector.randomSessionKey))), vector.encryptedSessionKey);
});

test("the AUTHENTICATE message of MS-NLMP 4.2.4 comes out byte for byte", () => {
  assert.equal(hex(authenticateMessage(vectorInput)), vector.authenticate);
});

test("the first message is the one that Windows' HTTP clients send, with our version", () => {
  assert.equal(hex(negotiateMessage).slice(0, 64), epa.negotiate.slice(0, 64));
  assert.equal(negotiateMessage.length, epa.negotiate.length / 2);
});

test("the proof, the session key and the MIC of the Windows Server 2008 R2 capture fit", () => {
  const recorded = readAuthenticate(bytes(epa.authenticate));
  const key = bytes(epa.ntlmv2Hash);
  const proof = expectedProof(key, bytes(epa.challenge).subarray(24, 32), recorded.nt);
  assert.equal(hex(proof), epa.ntProofStr);
  assert.equal(hex(hmac(key, proof)), epa.sessionBaseKey);
  const mic = expectedMic(
    bytes(epa.sessionBaseKey),
    bytes(epa.negotiate),
    bytes(epa.challenge),
    bytes(epa.authenticate),
  );
  assert.equal(hex(mic), epa.mic);
});

test("the same inputs give the message of the Windows Server 2008 R2 capture, but for what differs by choice", () => {
  const challenge = parseChallenge(bytes(epa.challenge));
  const message = authenticateMessage({
    negotiate: bytes(epa.negotiate),
    challenge,
    username: epa.user,
    domain: epa.domain,
    workstation: epa.workstation,
    ntlmv2Hash: bytes(epa.ntlmv2Hash),
    channelBindings: bytes(epa.channelBindings),
    targetName: epa.targetName,
    random: () => bytes(epa.clientChallenge),
    version: bytes(epa.version),
  });
  const [ours, theirs] = [readAuthenticate(message), readAuthenticate(bytes(epa.authenticate))];
  const { nt: _ourNt, mic: ourMic, pairs, ...ourRest } = ours;
  const { nt: _theirNt, mic: _theirMic, pairs: theirPairs, ...theirRest } = theirs;
  assert.deepEqual(ourRest, theirRest);
  const singleHost = 8;
  assert.deepEqual(
    [...pairs],
    [...theirPairs].filter(([id]) => id !== singleHost),
  );
  const sessionKey = hmac(bytes(epa.ntlmv2Hash), ours.nt.subarray(0, 16));
  assert.deepEqual(ourMic, expectedMic(sessionKey, bytes(epa.negotiate), challenge.bytes, message));
});

test("without a time the clock is ours, the LM response is LMv2, and there is no integrity code", () => {
  const read = readAuthenticate(authenticateMessage(vectorInput));
  assert.equal(hex(read.lm), vector.lmv2Response);
  assert.equal(read.mic.length, 0);
  assert.equal(hex(read.nt.subarray(24, 32)), "0000000000000000");
  assert.equal(read.pairs.has(avId.flags), false);
});

test("with the server's time that time is used, the LM response is zeros, and the code is announced", () => {
  const challenge = challengeWith({ pairs: [time] });
  const read = readAuthenticate(
    authenticateMessage({ ...vectorInput, challenge, targetName: "HTTP/parent" }),
  );
  assert.equal(hex(read.lm), "00".repeat(24));
  assert.equal(hex(read.nt.subarray(24, 32)), hex(time.value));
  assert.equal(hex(read.pairs.get(avId.flags)!), "02000000");
  assert.equal(read.pairs.get(avId.targetName)!.toString("utf16le"), "HTTP/parent");
  assert.equal(read.mic.length, 16);
});

test("a server that asks for the integrity code without a time gets it, with its other flags kept", () => {
  const challenge = challengeWith({ pairs: [{ id: avId.flags, value: bytes("03000000") }] });
  const read = readAuthenticate(authenticateMessage({ ...vectorInput, challenge }));
  assert.equal(read.mic.length, 16);
  assert.equal(hex(read.pairs.get(avId.flags)!), "03000000");
});

test("under a key exchange the integrity code is made with the exchanged key", () => {
  const challenge = challengeWith({ pairs: [time] });
  const message = authenticateMessage({ ...vectorInput, challenge });
  const read = readAuthenticate(message);
  const base = hmac(vectorInput.ntlmv2Hash, read.nt.subarray(0, 16));
  assert.equal(hex(rc4(base, read.sessionKey)), vector.randomSessionKey);
  const mic = expectedMic(bytes(vector.randomSessionKey), negotiateMessage, challenge.bytes, message);
  assert.deepEqual(read.mic, mic);
});

test("no key is sent without a key exchange, nor where it would serve neither signing nor sealing", () => {
  for (const clear of [0x40000000, 0x30]) {
    const read = readAuthenticate(
      authenticateMessage({ ...vectorInput, challenge: challengeWith({ clear, pairs: [time] }) }),
    );
    assert.equal(read.sessionKey.length, 0);
    assert.equal(read.flags & 0x40000000, 0);
  }
});

test("flags that nobody knows are not sent back", () => {
  const challenge = challengeWith({ set: 0x1d70ff40 });
  const read = readAuthenticate(authenticateMessage({ ...vectorInput, challenge }));
  assert.equal(read.flags.toString(16), "e2888235");
});

test("a server without target information gets an empty list", () => {
  const challenge = challengeWith({ clear: 0x00800000 });
  const read = readAuthenticate(authenticateMessage({ ...vectorInput, challenge }));
  assert.equal(read.pairs.size, 0);
  assert.equal(hex(read.nt.subarray(44)), "0000000000000000");
});

test("without Unicode names are sent in ASCII, and others are refused with a sentence", () => {
  const challenge = challengeWith({ clear: 1 });
  const read = readAuthenticate(authenticateMessage({ ...vectorInput, challenge }));
  assert.deepEqual([read.user, read.domain, read.workstation], ["User", "Domain", "COMPUTER"]);
  assert.equal(read.flags & 3, 2);
  assert.throws(
    () => authenticateMessage({ ...vectorInput, challenge, username: "jürgen" }),
    (error) => error instanceof ChallengeError && /does not take Unicode.*jürgen/.test(error.message),
  );
});

test("target information too long to be sent back is a ChallengeError", () => {
  const challenge = challengeWith({ pairs: [time, { id: 1, value: Buffer.alloc(65_400) }] });
  const targetName = `HTTP/${"x".repeat(100)}`;
  assert.throws(() => authenticateMessage({ ...vectorInput, challenge, targetName }), ChallengeError);
});
