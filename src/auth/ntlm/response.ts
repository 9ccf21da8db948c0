import { type AvPair, serializeAvPairs } from "./av-pairs.ts";
import { hmacMd5 } from "./hmac-md5.ts";

export interface NtlmResponse {
  /** LmChallengeResponse, 24 bytes. */
  readonly lm: Uint8Array;
  /** NtChallengeResponse: NTProofStr and the client's challenge structure. */
  readonly nt: Uint8Array;
  /** 16 bytes. */
  readonly sessionBaseKey: Uint8Array;
}

/*
 * NTLMv1, NTLM2 session response and LM take their place beside this function: each gives the same
 * NtlmResponse from the same challenge.
 */

/**
 * The NTLMv2 response (MS-NLMP 3.3.2, and 2.2.2.7 for the structure that it signs).
 * @param key NTOWFv2, 16 bytes
 * @param given `time` and `clientChallenge` of 8 bytes each; `lmv2` false where the server sent its time
 */
export function ntlmv2Response(
  key: Uint8Array,
  serverChallenge: Uint8Array,
  given: {
    readonly time: Uint8Array;
    readonly clientChallenge: Uint8Array;
    readonly targetInfo: readonly AvPair[];
    readonly lmv2: boolean;
  },
): NtlmResponse {
  const { time, clientChallenge } = given;
  const zeros = Buffer.alloc(24);
  const structure = Buffer.concat([
    Uint8Array.of(1, 1, 0, 0, 0, 0, 0, 0),
    time,
    clientChallenge,
    zeros.subarray(0, 4),
    serializeAvPairs(given.targetInfo),
    zeros.subarray(0, 4),
  ]);
  const proof = hmacMd5(key, serverChallenge, structure);
  return {
    // MS-NLMP 3.1.5.1.2: Z(24) in place of LMv2 when the challenge carries MsvAvTimestamp.
    lm: given.lmv2 ? Buffer.concat([hmacMd5(key, serverChallenge, clientChallenge), clientChallenge]) : zeros,
    nt: Buffer.concat([proof, structure]),
    sessionBaseKey: hmacMd5(key, proof),
  };
}
