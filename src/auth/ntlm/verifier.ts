import { randomBytes, timingSafeEqual } from "node:crypto";
import type { Secret } from "../../core/secret.ts";
import { avId, flagsOf, micPresent, parseAvPairs, serializeAvPairs } from "./av-pairs.ts";
import { ntHash, ntlmv2Hash } from "./hashes.ts";
import { hmacMd5 } from "./hmac-md5.ts";
import {
  fileTime,
  flag,
  isMessage,
  largestMessage,
  readField,
  signature,
  version,
  viewOf,
} from "./message.ts";
import { rc4 } from "./rc4.ts";

export interface VerifierOptions {
  /** The NetBIOS name of the domain. */
  readonly targetName: string;
  readonly dnsDomain: string;
  /** Milliseconds since 1970. */
  readonly now?: number;
  readonly random?: (size: number) => Uint8Array;
  /** False: as servers before Windows Vista, without a time, so that no integrity code is due. */
  readonly timestamp?: boolean;
}

export interface Verdict {
  readonly ok: boolean;
  readonly user: string;
  readonly domain: string;
  /** Why not, for the log: a few words. */
  readonly reason?: string;
}

/** The passwords that the verifying side knows; undefined for an account that it does not. */
export type PasswordLookup = (user: string, domain: string) => Secret<string> | undefined;

export interface IssuedChallenge {
  /** The second message, CHALLENGE. */
  readonly message: Uint8Array;
  /** Checks the third message against it: NTProofStr, and the integrity code where one is due. Throws nothing. */
  verify(authenticate: Uint8Array, negotiate: Uint8Array, lookup: PasswordLookup): Verdict;
}

/**
 * The server's side of NTLM, NTLMv2 only: for the embedded parent of the demo and for tests.
 * One challenge for one connection; verify it once.
 */
export function createChallenge(options: VerifierOptions): IssuedChallenge {
  const serverChallenge = Uint8Array.from((options.random ?? randomBytes)(8));
  const message = challengeMessage(options, serverChallenge);
  return {
    message,
    verify(authenticate, negotiate, lookup) {
      const claim = readClaim(authenticate);
      if (typeof claim === "string") return { ok: false, user: "", domain: "", reason: claim };
      const reason = faultOf(claim, { authenticate, negotiate, challenge: message, serverChallenge }, lookup);
      const { user, domain } = claim;
      return reason === undefined ? { ok: true, user, domain } : { ok: false, user, domain, reason };
    },
  };
}

/** MS-NLMP 2.2.1.2, with the flags and pairs that winbind sends to HTTP clients. */
function challengeMessage(options: VerifierOptions, serverChallenge: Uint8Array): Uint8Array {
  const text = (value: string) => Buffer.from(value, "utf16le");
  const targetName = text(options.targetName);
  const targetInfo = serializeAvPairs([
    { id: avId.domainName, value: targetName },
    { id: avId.computerName, value: text("PROXY") },
    { id: avId.dnsDomainName, value: text(options.dnsDomain) },
    { id: avId.dnsComputerName, value: text(`proxy.${options.dnsDomain}`) },
    ...(options.timestamp === false
      ? []
      : [{ id: avId.timestamp, value: fileTime(options.now ?? Date.now()) }]),
  ]);
  const header = Buffer.alloc(56);
  signature.copy(header);
  header.writeUInt32LE(2, 8);
  writeField(header, 12, targetName.length, 56);
  header.writeUInt32LE(challengeFlags, 20);
  header.set(serverChallenge, 24);
  writeField(header, 40, targetInfo.length, 56 + targetName.length);
  header.set(version, 48);
  return Buffer.concat([header, targetName, targetInfo]);
}

const challengeFlags =
  (flag.unicode |
    flag.requestTarget |
    flag.ntlm |
    flag.alwaysSign |
    flag.targetTypeDomain |
    flag.extendedSessionSecurity |
    flag.targetInfo |
    flag.version |
    flag.key128 |
    flag.key56) >>>
  0;

function writeField(header: Buffer, at: number, length: number, offset: number): void {
  header.writeUInt16LE(length, at);
  header.writeUInt16LE(length, at + 2);
  header.writeUInt32LE(offset, at + 4);
}

interface Claim {
  readonly user: string;
  readonly domain: string;
  readonly proof: Uint8Array;
  /** What the proof signs, after the server's challenge. */
  readonly structure: Uint8Array;
  readonly flags: number;
  readonly encryptedSessionKey: Uint8Array;
}

/** The fields of a third message, or why they cannot be read. */
function readClaim(message: Uint8Array): Claim | string {
  if (message.length > largestMessage || message.length < 64 || !isMessage(message, 3))
    return "not an NTLM message of type 3";
  const flags = viewOf(message).getUint32(60, true);
  const [nt, domain, user, encryptedSessionKey] = [20, 28, 36, 52].map((at) => readField(message, at));
  if (!nt || !domain || !user || !encryptedSessionKey) return "a field lies outside of the message";
  // 24 bytes are NTLMv1; the shortest NTLMv2 response has 16 of proof, 28 of structure and 4 of pairs.
  if (nt.length < 48) return nt.length === 24 ? "NTLMv1 is not accepted" : "no NTLMv2 response";
  const text = (value: Uint8Array) =>
    Buffer.from(value).toString(flags & flag.unicode ? "utf16le" : "latin1");
  return {
    user: text(user),
    domain: text(domain),
    proof: nt.subarray(0, 16),
    structure: nt.subarray(16),
    flags,
    encryptedSessionKey,
  };
}

interface Exchange {
  readonly authenticate: Uint8Array;
  readonly negotiate: Uint8Array;
  readonly challenge: Uint8Array;
  readonly serverChallenge: Uint8Array;
}

function faultOf(claim: Claim, exchange: Exchange, lookup: PasswordLookup): string | undefined {
  const password = lookup(claim.user, claim.domain);
  if (!password) return "no such account";
  const key = ntlmv2Hash(ntHash(password.reveal()), claim.user, claim.domain);
  if (!timingSafeEqual(hmacMd5(key, exchange.serverChallenge, claim.structure), claim.proof))
    return "wrong password";
  let pairs: ReturnType<typeof parseAvPairs>;
  try {
    pairs = parseAvPairs(claim.structure.subarray(28));
  } catch {
    return "the target information is cut off";
  }
  if ((flagsOf(pairs) & micPresent) === 0) return undefined;
  return micFits(claim, exchange, hmacMd5(key, claim.proof)) ? undefined : "the integrity code is wrong";
}

const micAt = 72;

/** MS-NLMP 3.2.5.1.2: over all three messages, the code's own place filled with zeros. */
function micFits(claim: Claim, exchange: Exchange, sessionBaseKey: Uint8Array): boolean {
  const { authenticate, negotiate, challenge } = exchange;
  if (authenticate.length < micAt + 16) return false;
  const exported =
    claim.flags & flag.keyExchange ? rc4(sessionBaseKey, claim.encryptedSessionKey) : sessionBaseKey;
  const zeroed = Uint8Array.from(authenticate).fill(0, micAt, micAt + 16);
  const expected = hmacMd5(exported, negotiate, challenge, zeroed);
  return timingSafeEqual(expected, authenticate.subarray(micAt, micAt + 16));
}
