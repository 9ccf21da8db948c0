import { ChallengeError } from "../../core/errors.ts";
import { type AvPair, parseAvPairs } from "./av-pairs.ts";
import { flag, isMessage, largestMessage, readField, viewOf } from "./message.ts";

/** The second message, CHALLENGE (MS-NLMP 2.2.1.2), as far as a client needs it. */
export interface NtlmChallenge {
  /** As received: the message integrity code covers it. */
  readonly bytes: Uint8Array;
  readonly flags: number;
  /** 8 bytes. */
  readonly serverChallenge: Uint8Array;
  /** Empty when the server sent none: some parents do not, and NTLMv2 works all the same. */
  readonly targetInfo: readonly AvPair[];
}

/**
 * Reads the base64 text that follows `NTLM` in a 407.
 * @throws ChallengeError, and nothing else, whatever the text is
 */
export function decodeChallenge(text: string): NtlmChallenge {
  const base64 = text.trim();
  if (base64.length > (largestMessage * 4) / 3 + 4) throw unusable("it is larger than 64 KiB");
  if (base64 === "") throw unusable("the answer to our first message holds none");
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) throw unusable("it is not base64 text");
  return parseChallenge(Buffer.from(base64, "base64"));
}

/**
 * Reads the message itself. Fields must lie inside it; the target's name is checked but not needed.
 * @throws ChallengeError, and nothing else, whatever the bytes are
 */
export function parseChallenge(bytes: Uint8Array): NtlmChallenge {
  if (bytes.length > largestMessage) throw unusable("it is larger than 64 KiB");
  if (!isMessage(bytes, 2)) throw unusable("it is not an NTLM message of type 2");
  // The oldest servers end after the 8 bytes of the challenge: no context, no target information, no version.
  if (bytes.length < 32) throw unusable(`it has ${bytes.length} bytes, and 32 are the least`);
  if (readField(bytes, 12) === undefined) throw unusable("its target name lies outside of the message");
  const flags = viewOf(bytes).getUint32(20, true);
  if ((flags & (flag.unicode | flag.oem)) === 0)
    throw unusable("it allows neither Unicode nor OEM characters");
  const targetInfo = (flags & flag.targetInfo) === 0 ? new Uint8Array(0) : readField(bytes, 40);
  if (targetInfo === undefined) throw unusable("its target information lies outside of the message");
  return { bytes, flags, serverChallenge: bytes.subarray(24, 32), targetInfo: parseAvPairs(targetInfo) };
}

function unusable(why: string): ChallengeError {
  return new ChallengeError(`The parent's NTLM challenge cannot be used: ${why}.`, {
    hint: "See what the parent sends with: sallyport detect. Another proxy on the way may change its headers.",
  });
}
