import assert from "node:assert/strict";
import { test } from "node:test";
import { md4 } from "../../../src/auth/ntlm/md4.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

// RFC 1320, A.5
const suite: readonly [string, string][] = [
  ["", "31d6cfe0d16ae931b73c59d7e0c089c0"],
  ["a", "bde52cb31de33e46245e05fbdbd6fb24"],
  ["abc", "a448017aaf21d8525fc10ae87aa6729d"],
  ["message digest", "d9130a8164549fe818874806e1c7014b"],
  ["abcdefghijklmnopqrstuvwxyz", "d79e1c308aa5bbcdeea8ed63df412da9"],
  ["ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", "043f8582f241db351ce627e153e7f0e4"],
  [
    "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
    "e33b4ddc9c38f2199c3e7b164fcc0536",
  ],
];

for (const [text, digest] of suite)
  test(`MD4 of "${text.slice(0, 30)}" is that of RFC 1320`, () => {
    assert.equal(hex(md4(Buffer.from(text))), digest);
  });

test("MD4 takes its input where it lies in a larger buffer", () => {
  assert.equal(hex(md4(Buffer.from("..abc..").subarray(2, 5))), "a448017aaf21d8525fc10ae87aa6729d");
});

test("MD4 pads an input that fills its last block, or leaves no room for the length, with one block more", () => {
  const digests = [55, 56, 63, 64, 119, 120].map((size) => hex(md4(Buffer.alloc(size))));
  assert.equal(new Set(digests).size, digests.length);
});
