/** What the three NTLM messages have in common (MS-NLMP 2.2). */
export const signature = Buffer.from("NTLMSSP\0", "latin1");

/** Negotiate flags (MS-NLMP 2.2.2.5), those that matter to a proxy's client. */
export const flag = {
  unicode: 0x00000001,
  oem: 0x00000002,
  requestTarget: 0x00000004,
  sign: 0x00000010,
  seal: 0x00000020,
  ntlm: 0x00000200,
  alwaysSign: 0x00008000,
  targetTypeDomain: 0x00010000,
  extendedSessionSecurity: 0x00080000,
  targetInfo: 0x00800000,
  version: 0x02000000,
  key128: 0x20000000,
  keyExchange: 0x40000000,
  key56: 0x80000000,
} as const;

/** The VERSION structure (MS-NLMP 2.2.2.10) of Windows 10 with NTLM revision 15. Servers read it for their logs only. */
export const version = Uint8Array.of(10, 0, 0x61, 0x4a, 0, 0, 0, 15);

/** No message of a real party comes near it: a larger one is refused unread. */
export const largestMessage = 64 * 1024;

/** Whether a message of `type` starts here: the signature, and the type as 32 bits. */
export function isMessage(bytes: Uint8Array, type: 1 | 2 | 3): boolean {
  if (bytes.length < 12 || !signature.equals(bytes.subarray(0, 8))) return false;
  return viewOf(bytes).getUint32(8, true) === type;
}

/**
 * The bytes a field description (length, room, offset) at `at` points to; an empty field may point anywhere.
 * Undefined when they are not inside the message.
 */
export function readField(message: Uint8Array, at: number): Uint8Array | undefined {
  if (at + 8 > message.length) return undefined;
  const view = viewOf(message);
  const length = view.getUint16(at, true);
  const offset = view.getUint32(at + 4, true);
  if (length === 0) return new Uint8Array(0);
  return offset + length <= message.length ? message.subarray(offset, offset + length) : undefined;
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** 100-nanosecond steps since 1601, from milliseconds since 1970 (FILETIME), as 8 bytes. */
export function fileTime(milliseconds: number): Uint8Array {
  const time = Buffer.alloc(8);
  time.writeBigUInt64LE((BigInt(Math.trunc(milliseconds)) + 11_644_473_600_000n) * 10_000n);
  return time;
}
