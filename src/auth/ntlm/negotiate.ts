import { flag, signature, version } from "./message.ts";

/**
 * What is offered: 0xA2088207, the flags of Windows' own HTTP clients, which every parent has met.
 * No key exchange, signing or sealing: a proxy has no use for a session key.
 */
export const offeredFlags =
  (flag.unicode |
    flag.oem |
    flag.requestTarget |
    flag.ntlm |
    flag.alwaysSign |
    flag.extendedSessionSecurity |
    flag.version |
    flag.key128 |
    flag.key56) >>>
  0;

/**
 * The first message, NEGOTIATE (MS-NLMP 2.2.1.1), 40 bytes, always the same. Domain and workstation
 * are left out: they would be sent in OEM characters, and no server needs them here.
 */
export const negotiateMessage: Uint8Array = buildNegotiate();

function buildNegotiate(): Uint8Array {
  const message = Buffer.alloc(40);
  signature.copy(message);
  message.writeUInt32LE(1, 8);
  message.writeUInt32LE(offeredFlags, 12);
  message.set(version, 32);
  return message;
}
