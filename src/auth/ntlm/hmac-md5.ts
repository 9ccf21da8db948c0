import { createHmac } from "node:crypto";
import { SchemeError } from "../../core/errors.ts";

/**
 * HMAC-MD5 over the parts one after the other: 16 bytes (RFC 2104).
 * @throws SchemeError when this build of OpenSSL forbids MD5 (FIPS mode)
 */
export function hmacMd5(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  return orForbidden(() => {
    const hmac = createHmac("md5", key);
    for (const part of parts) hmac.update(part);
    return hmac.digest();
  });
}

/** What `compute` returns; a cipher or digest that OpenSSL does not have becomes a sentence. */
export function orForbidden<T>(compute: () => T): T {
  try {
    return compute();
  } catch (cause) {
    throw new SchemeError("NTLM needs MD5 and DES, and the OpenSSL of this Node.js forbids them.", {
      cause,
      hint: "Run Sallyport without FIPS mode, or let the parent offer Basic over TLS.",
    });
  }
}
