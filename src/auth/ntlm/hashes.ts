import { createCipheriv } from "node:crypto";
import { hmacMd5, orForbidden } from "./hmac-md5.ts";
import { md4 } from "./md4.ts";

/** NTOWFv1: MD4 of the password in UTF-16LE, 16 bytes (MS-NLMP 3.3.1). As good as the password to whoever has it. */
export function ntHash(password: string): Uint8Array {
  return md4(Buffer.from(password, "utf16le"));
}

/**
 * NTOWFv2, 16 bytes (MS-NLMP 3.3.2): bound to the user in any case and to the domain exactly as it is given.
 * @param nt what {@link ntHash} gives
 */
export function ntlmv2Hash(nt: Uint8Array, user: string, domain: string): Uint8Array {
  return hmacMd5(nt, Buffer.from(upperCase(user) + domain, "utf16le"));
}

/**
 * The LM hash, 16 bytes (LMOWFv1, MS-NLMP 3.3.1): only for what cntlm calls PassLM. Of a longer password
 * it takes the first 14 bytes. Letters outside ASCII have no portable LM hash; their UTF-8 bytes are taken.
 */
export function lmHash(password: string): Uint8Array {
  const text = password.replace(/[a-z]/g, (letter) => letter.toUpperCase());
  const key = Buffer.alloc(14);
  Buffer.from(text, "utf8").copy(key);
  return Buffer.concat([desOfConstant(key.subarray(0, 7)), desOfConstant(key.subarray(7))]);
}

/**
 * Upper case as Windows has it: one UTF-16 unit becomes one, and only where the lower case leads back.
 * So `ß`, `ı` and `ς` stay what they are, where JavaScript's own toUpperCase() would change them.
 */
export function upperCase(text: string): string {
  let upper = "";
  for (let i = 0; i < text.length; i++) {
    const unit = text[i]!;
    const candidate = unit.toUpperCase();
    upper += candidate.length === 1 && candidate.toLowerCase() === unit ? candidate : unit;
  }
  return upper;
}

/** DES of "KGS!@#$%" under a key of 56 bits. Single DES is des-ede3 with one key three times. */
function desOfConstant(key: Uint8Array): Uint8Array {
  const single = withParityBits(key);
  return orForbidden(() => {
    const cipher = createCipheriv("des-ede3", Buffer.concat([single, single, single]), null);
    cipher.setAutoPadding(false);
    return cipher.update("KGS!@#$%", "latin1");
  });
}

/** Spreads 7 bytes over 8, each with its lowest bit free for the parity that nobody checks. */
function withParityBits(key: Uint8Array): Uint8Array {
  const bits = key.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return Uint8Array.from({ length: 8 }, (_, i) => Number((bits >> BigInt(49 - 7 * i)) & 0x7fn) << 1);
}
