/**
 * RC4 over a short text: encrypts and decrypts alike. By hand, because OpenSSL 3 no longer has it.
 * NTLM uses it to wrap the session key (RC4K in MS-NLMP 6).
 */
export function rc4(key: Uint8Array, text: Uint8Array): Uint8Array {
  const box = Uint8Array.from({ length: 256 }, (_, i) => i);
  for (let i = 0, j = 0; i < 256; i++) {
    j = (j + box[i]! + key[i % key.length]!) & 255;
    swap(box, i, j);
  }
  let i = 0;
  let j = 0;
  return text.map((byte) => {
    i = (i + 1) & 255;
    j = (j + box[i]!) & 255;
    swap(box, i, j);
    return byte ^ box[(box[i]! + box[j]!) & 255]!;
  });
}

function swap(box: Uint8Array, i: number, j: number): void {
  const kept = box[i]!;
  box[i] = box[j]!;
  box[j] = kept;
}
