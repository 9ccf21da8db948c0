import { createHmac } from "node:crypto";
import { md4 } from "../../../src/auth/ntlm/md4.ts";

/** A third message taken apart, by code that shares nothing with what builds it (but MD4). */
export interface ReadAuthenticate {
  readonly lm: Buffer;
  readonly nt: Buffer;
  readonly domain: string;
  readonly user: string;
  readonly workstation: string;
  readonly sessionKey: Buffer;
  readonly flags: number;
  readonly version: Buffer;
  readonly mic: Buffer;
  /** By kind; the end is not among them. */
  readonly pairs: ReadonlyMap<number, Buffer>;
}

export function readAuthenticate(bytes: Uint8Array): ReadAuthenticate {
  const message = Buffer.from(bytes);
  if (message.toString("latin1", 0, 12) !== "NTLMSSP\0\x03\0\0\0") throw new Error("not a type 3");
  const flags = message.readUInt32LE(60);
  const payload = { start: message.length };
  const field = (at: number) => {
    const [length, offset] = [message.readUInt16LE(at), message.readUInt32LE(at + 4)];
    if (length !== message.readUInt16LE(at + 2)) throw new Error("length and room differ");
    if (offset + length > message.length) throw new Error("a field outside of the message");
    payload.start = Math.min(payload.start, offset);
    return message.subarray(offset, offset + length);
  };
  const text = (at: number) => field(at).toString(flags & 1 ? "utf16le" : "latin1");
  const [lm, nt, sessionKey] = [field(12), field(20), field(52)];
  const [domain, user, workstation] = [text(28), text(36), text(44)];
  if (payload.start < 72) throw new Error("a field inside the header");
  const version = message.subarray(64, 72);
  const mic = payload.start >= 88 ? message.subarray(72, 88) : Buffer.alloc(0);
  return { lm, nt, domain, user, workstation, sessionKey, flags, version, mic, pairs: readPairs(nt) };
}

function readPairs(nt: Buffer): Map<number, Buffer> {
  const pairs = new Map<number, Buffer>();
  for (let at = 44; nt.readUInt16LE(at) !== 0; at += 4 + nt.readUInt16LE(at + 2)) {
    if (at + 4 + nt.readUInt16LE(at + 2) > nt.length) throw new Error("a pair outside of the response");
    pairs.set(nt.readUInt16LE(at), nt.subarray(at + 4, at + 4 + nt.readUInt16LE(at + 2)));
  }
  return pairs;
}

/** NTOWFv2 for an upper case that the caller gives. */
export function expectedKey(password: string, upperUser: string, domain: string): Buffer {
  return hmac(md4(Buffer.from(password, "utf16le")), Buffer.from(upperUser + domain, "utf16le"));
}

export function expectedProof(key: Uint8Array, serverChallenge: Uint8Array, nt: Buffer): Buffer {
  return hmac(key, serverChallenge, nt.subarray(16));
}

/** The integrity code under a session key: over the three messages, with zeros in its own place. */
export function expectedMic(
  sessionKey: Uint8Array,
  negotiate: Uint8Array,
  challenge: Uint8Array,
  message: Uint8Array,
): Buffer {
  const zeroed = Buffer.from(message);
  zeroed.fill(0, 72, 88);
  return hmac(sessionKey, negotiate, challenge, zeroed);
}

export function hmac(key: Uint8Array, ...parts: Uint8Array[]): Buffer {
  return createHmac("md5", key).update(Buffer.concat(parts)).digest();
}
