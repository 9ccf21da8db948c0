import { randomBytes } from "node:crypto";
import { ChallengeError } from "../../core/errors.ts";
import { type AvPair, avId, flagsOf, micPresent, timestampOf, withAvPair } from "./av-pairs.ts";
import type { NtlmChallenge } from "./challenge.ts";
import { hmacMd5 } from "./hmac-md5.ts";
import { fileTime, flag, version as ownVersion, signature } from "./message.ts";
import { offeredFlags } from "./negotiate.ts";
import { rc4 } from "./rc4.ts";
import { type NtlmResponse, ntlmv2Response } from "./response.ts";

export interface AuthenticateInput {
  /** The first message as it was sent: the message integrity code covers it. */
  readonly negotiate: Uint8Array;
  readonly challenge: NtlmChallenge;
  readonly username: string;
  /** Sent exactly as it is here: the hash is bound to it. */
  readonly domain: string;
  readonly workstation: string;
  /** NTOWFv2 of this user and domain, 16 bytes. */
  readonly ntlmv2Hash: Uint8Array;
  /** The service, `HTTP/host` (MsvAvTargetName). */
  readonly targetName?: string;
  /** MD5 of the channel bindings structure, 16 bytes (MsvAvChannelBindings), where the parent is reached over TLS. */
  readonly channelBindings?: Uint8Array;
  /** Milliseconds since 1970; used where the server sent no time. */
  readonly now?: () => number;
  readonly random?: (size: number) => Uint8Array;
  /** 8 bytes. */
  readonly version?: Uint8Array;
}

/**
 * The third message, AUTHENTICATE (MS-NLMP 2.2.1.3), with an NTLMv2 response. It carries a message integrity
 * code where the challenge has a time or asks for one (MS-NLMP 3.1.5.1.2).
 * @throws ChallengeError when the server takes no Unicode and a name has other than ASCII letters,
 *   or when its target information is too long to be sent back
 */
export function authenticateMessage(input: AuthenticateInput): Uint8Array {
  const { challenge, random = randomBytes } = input;
  const flags = answerFlags(challenge.flags);
  const time = timestampOf(challenge.targetInfo);
  const withMic = time !== undefined || (flagsOf(challenge.targetInfo) & micPresent) !== 0;
  const response = ntlmv2Response(input.ntlmv2Hash, challenge.serverChallenge, {
    time: time ?? fileTime((input.now ?? Date.now)()),
    clientChallenge: random(8),
    targetInfo: answerTargetInfo(input, withMic),
    lmv2: time === undefined,
  });
  const session = sessionKey(flags, response, random);
  const message = layOut(input, flags, response, session.encrypted, withMic);
  if (withMic) message.set(hmacMd5(session.exported, input.negotiate, challenge.bytes, message), micAt);
  return message;
}

/**
 * What is agreed: of the server's flags those that were offered, and those that it may set by itself.
 * Unicode wins over OEM. A key exchange counts only with signing or sealing (MS-NLMP 3.1.5.1.2).
 */
function answerFlags(server: number): number {
  const unasked = flag.targetInfo | flag.keyExchange | flag.sign | flag.seal;
  let agreed = server & (offeredFlags | unasked);
  if (agreed & flag.unicode) agreed &= ~flag.oem;
  if ((agreed & (flag.sign | flag.seal)) === 0) agreed &= ~flag.keyExchange;
  return (agreed | flag.requestTarget) >>> 0;
}

/**
 * The server's pairs, and ours. A server that knows nothing of integrity codes gets its own back as they came:
 * it knows nothing of the target's name either.
 */
function answerTargetInfo(input: AuthenticateInput, withMic: boolean): readonly AvPair[] {
  let pairs = input.challenge.targetInfo;
  if (withMic) {
    const flags = Buffer.alloc(4);
    flags.writeUInt32LE((flagsOf(pairs) | micPresent) >>> 0);
    pairs = withAvPair(pairs, avId.flags, flags);
  }
  if (input.channelBindings) pairs = withAvPair(pairs, avId.channelBindings, input.channelBindings);
  if (withMic && input.targetName !== undefined)
    pairs = withAvPair(pairs, avId.targetName, Buffer.from(input.targetName, "utf16le"));
  return pairs;
}

/** With NTLMv2 the key exchange key is the session base key (MS-NLMP 3.4.5.1). */
function sessionKey(
  flags: number,
  { sessionBaseKey }: NtlmResponse,
  random: (size: number) => Uint8Array,
): { readonly exported: Uint8Array; readonly encrypted: Uint8Array } {
  if ((flags & flag.keyExchange) === 0) return { exported: sessionBaseKey, encrypted: new Uint8Array(0) };
  const exported = random(16);
  return { exported, encrypted: rc4(sessionBaseKey, exported) };
}

const micAt = 72;
const micSize = 16;

/** Header, version, room for the integrity code (zeros for now), then the fields in the order of Windows. */
function layOut(
  input: AuthenticateInput,
  flags: number,
  response: NtlmResponse,
  encryptedSessionKey: Uint8Array,
  withMic: boolean,
): Buffer {
  const unicode = (flags & flag.unicode) !== 0;
  const fields: readonly (readonly [headerAt: number, what: string, value: Uint8Array])[] = [
    [28, "domain", encodeText("domain", input.domain, unicode)],
    [36, "user name", encodeText("user name", input.username, unicode)],
    [44, "workstation", encodeText("workstation", input.workstation, unicode)],
    [12, "LM response", response.lm],
    [20, "NTLMv2 response", response.nt],
    [52, "session key", encryptedSessionKey],
  ];
  const header = Buffer.alloc(withMic ? micAt + micSize : micAt);
  signature.copy(header);
  header.writeUInt32LE(3, 8);
  header.writeUInt32LE(flags, 60);
  if (flags & flag.version) header.set(input.version ?? ownVersion, 64);
  let offset = header.length;
  for (const [at, what, value] of fields) {
    if (value.length > 0xffff) throw tooLong(what, value.length);
    header.writeUInt16LE(value.length, at);
    header.writeUInt16LE(value.length, at + 2);
    header.writeUInt32LE(offset, at + 4);
    offset += value.length;
  }
  return Buffer.concat([header, ...fields.map(([, , value]) => value)]);
}

function encodeText(what: string, text: string, unicode: boolean): Uint8Array {
  if (unicode) return Buffer.from(text, "utf16le");
  if (/^[\x20-\x7e]*$/.test(text)) return Buffer.from(text, "latin1");
  throw new ChallengeError(
    `The parent does not take Unicode, and the ${what} "${text}" has letters outside of ASCII.`,
    {
      hint: "Use an account whose name is plain ASCII for this parent, or let the parent negotiate Unicode.",
    },
  );
}

function tooLong(what: string, length: number): ChallengeError {
  return new ChallengeError(
    `The answer to the parent's NTLM challenge cannot be made: its ${what} would have ${length} bytes, and 65535 are the most.`,
    { hint: "Look at what the parent sends: real challenges have a few hundred bytes." },
  );
}
