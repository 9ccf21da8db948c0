import assert from "node:assert/strict";
import { test } from "node:test";
import { rc4 } from "../../../src/auth/ntlm/rc4.ts";

for (const [key, text, cipher] of [
  ["Key", "Plaintext", "bbf316e8d940af0ad3"],
  ["Wiki", "pedia", "1021bf0420"],
  ["Secret", "Attack at dawn", "45a01f645fc35b383552544b9bf5"],
] as const)
  test(`RC4 of "${text}" under "${key}" is the published one, and goes back`, () => {
    const encrypted = rc4(Buffer.from(key), Uint8Array.from(Buffer.from(text)));
    assert.equal(Buffer.from(encrypted).toString("hex"), cipher);
    assert.equal(Buffer.from(rc4(Buffer.from(key), encrypted)).toString(), text);
  });
