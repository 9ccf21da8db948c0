import assert from "node:assert/strict";
import { test } from "node:test";
import { lmHash, ntHash, ntlmv2Hash, upperCase } from "../../../src/auth/ntlm/hashes.ts";
import vector from "../../vectors/ntlmv2.json" with { type: "json" };
import epa from "../../vectors/ntlmv2-epa.json" with { type: "json" };

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

test("the hashes of MS-NLMP 4.2 come out", () => {
  const nt = ntHash(vector.password);
  assert.equal(hex(nt), vector.ntHash);
  assert.equal(hex(lmHash(vector.password)), vector.lmHash);
  assert.equal(hex(ntlmv2Hash(nt, vector.user, vector.domain)), vector.ntlmv2Hash);
});

test("the hashes of the Windows Server 2008 R2 capture come out", () => {
  assert.equal(hex(ntHash(epa.password)), epa.ntHash);
  assert.equal(hex(ntlmv2Hash(ntHash(epa.password), epa.user, epa.domain)), epa.ntlmv2Hash);
});

test("the user's case does not matter to NTLMv2, the domain's does", () => {
  const nt = ntHash("Password");
  assert.equal(hex(ntlmv2Hash(nt, "uSER", "Domain")), vector.ntlmv2Hash);
  // The form of cntlm, which upper-cases the domain too.
  assert.equal(hex(ntlmv2Hash(nt, "User", "DOMAIN")), "f38efea48ada6afaa95ae44669e5634b");
});

test("the LM hash has an empty half for a short password, ignores case and what follows letter 14", () => {
  assert.equal(hex(lmHash("")), "aad3b435b51404eeaad3b435b51404ee");
  assert.equal(hex(lmHash("passwor")).slice(16), "aad3b435b51404ee");
  assert.deepEqual(lmHash("pAsSwOrD"), lmHash("PASSWORD"));
  assert.deepEqual(lmHash("12345678901234567"), lmHash("12345678901234"));
});

for (const [lower, upper] of [
  ["testuser", "TESTUSER"],
  ["jürgen.groß", "JÜRGEN.GROß"],
  ["ŀéàñçşđ", "ĿÉÀÑÇŞĐ"],
  ["иван", "ИВАН"],
  ["ανδρέας", "ΑΝΔΡΈΑς"],
  ["ı ſ µ ŉ ﬁ", "ı ſ µ ŉ ﬁ"],
  ["ÿ", "Ÿ"],
  ["王😀", "王😀"],
] as const)
  test(`"${lower}" in Windows' upper case is "${upper}"`, () => {
    assert.equal(upperCase(lower), upper);
  });
