/**
 * The MD4 digest of RFC 1320: 16 bytes. By hand, because OpenSSL 3 no longer has it without a legacy provider.
 * It is broken as a hash; here it only is the form in which Windows keeps passwords.
 */
export function md4(input: Uint8Array): Uint8Array {
  const state = Uint32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476);
  const padded = pad(input);
  const view = new DataView(padded.buffer);
  const words = new Uint32Array(16);
  for (let at = 0; at < padded.length; at += 64) {
    for (let i = 0; i < 16; i++) words[i] = view.getUint32(at + 4 * i, true);
    compress(state, words);
  }
  const digest = new DataView(new ArrayBuffer(16));
  state.forEach((word, i) => {
    digest.setUint32(4 * i, word, true);
  });
  return new Uint8Array(digest.buffer);
}

/** RFC 1320, 3.1 and 3.2: a one bit, zeros, and the length in bits as 64 bits, little-endian. */
function pad(input: Uint8Array): Uint8Array<ArrayBuffer> {
  const padded = new Uint8Array((((input.length + 8) >> 6) + 1) << 6);
  padded.set(input);
  padded[input.length] = 0x80;
  new DataView(padded.buffer).setBigUint64(padded.length - 8, BigInt(input.length) * 8n, true);
  return padded;
}

/** The order of the words and the rotations of the three rounds (RFC 1320, 3.4). */
const rounds = [
  { order: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15], turns: [3, 7, 11, 19], add: 0 },
  { order: [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15], turns: [3, 5, 9, 13], add: 0x5a827999 },
  { order: [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15], turns: [3, 9, 11, 15], add: 0x6ed9eba1 },
] as const;

function compress(state: Uint32Array, words: Uint32Array): void {
  let [a, b, c, d] = state as unknown as [number, number, number, number];
  for (const [round, { order, turns, add }] of rounds.entries()) {
    for (let step = 0; step < 16; step++) {
      const mixed = round === 0 ? (b & c) | (~b & d) : round === 1 ? (b & c) | (b & d) | (c & d) : b ^ c ^ d;
      const sum = (a + mixed + words[order[step]!]! + add) | 0;
      const turn = turns[step & 3]!;
      [a, b, c, d] = [d, (sum << turn) | (sum >>> (32 - turn)), b, c];
    }
  }
  state[0]! += a;
  state[1]! += b;
  state[2]! += c;
  state[3]! += d;
}
