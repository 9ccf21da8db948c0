import assert from "node:assert/strict";
import { test } from "node:test";
import {
  cntlmEncodings,
  cntlmHashes,
  decodeCntlmHash,
  encodeCntlmHash,
  tellEncoding,
} from "../../src/auth/cntlm-hash.ts";
import { ConfigError } from "../../src/core/errors.ts";
import { Secret } from "../../src/core/secret.ts";
import vector from "../vectors/cntlm-hashes.json" with { type: "json" };

const { username, domain } = vector;
const password = new Secret(vector.password);
const reveal = (hashes: ReturnType<typeof cntlmHashes>) => ({
  passLm: hashes.passLm.reveal(),
  passNt: hashes.passNt.reveal(),
  passNtlmv2: hashes.passNtlmv2.reveal(),
});

for (const encoding of cntlmEncodings) {
  test(`the hashes of cntlm ${encoding} come out, whatever the case of user and domain`, () => {
    assert.deepEqual(reveal(cntlmHashes(password, username, domain, encoding)), vector[encoding]);
    assert.deepEqual(reveal(cntlmHashes(password, "TestUser", "Corp-UK", encoding)), vector[encoding]);
  });

  test(`the encoding ${encoding} is told from PassNT and PassNTLMv2 of one user`, () => {
    const { passNt, passNtlmv2 } = vector[encoding];
    assert.equal(tellEncoding({ passNt, passNtlmv2, username, domain }), encoding);
    assert.equal(
      tellEncoding({ passNt: passNt.toLowerCase(), passNtlmv2, username: "TESTuser", domain: "CORP-uk" }),
      encoding,
    );
    assert.equal(tellEncoding({ passNt, passNtlmv2, username, domain: "OTHER" }), "unknown");
  });

  test(`the encoding ${encoding} is told from PassLM of a short password only`, () => {
    const of = (text: string) => cntlmHashes(new Secret(text), "", "", encoding).passLm.reveal();
    assert.equal(tellEncoding({ passLm: of("short") }), encoding);
    assert.equal(tellEncoding({ passLm: of("1234567") }), encoding);
    assert.equal(tellEncoding({ passLm: of("12345678") }), "unknown");
  });

  test(`a hash in the encoding ${encoding} is read back, in either case`, () => {
    const bytes = Uint8Array.from({ length: 16 }, (_, i) => i * 16 + 3);
    const text = encodeCntlmHash(bytes, encoding);
    assert.match(text, /^[0-9A-F]{32}$/);
    for (const one of [text, text.toLowerCase()])
      assert.deepEqual(Uint8Array.from(decodeCntlmHash("PassNT", one, encoding).reveal()), bytes);
  });
}

test("an empty domain is a domain", () => {
  const { passNtlmv2 } = cntlmHashes(password, "testuser", "", "0.94");
  assert.equal(passNtlmv2.reveal(), vector.withoutDomain.passNtlmv2_094);
});

test("the encoding stays unknown with one value alone, and when the values contradict each other", () => {
  const [old, plain] = [vector["0.92"], vector["0.94"]];
  assert.equal(tellEncoding({ passNtlmv2: old.passNtlmv2, username, domain }), "unknown");
  assert.equal(tellEncoding({ passNt: old.passNt, username, domain }), "unknown");
  assert.equal(tellEncoding({}), "unknown");
  const shortLm = cntlmHashes(new Secret("abc"), "", "", "0.92").passLm.reveal();
  const { passNt, passNtlmv2 } = plain;
  assert.equal(tellEncoding({ passNt, passNtlmv2, passLm: shortLm, username, domain }), "unknown");
});

for (const text of [
  "",
  "88",
  `${"A".repeat(31)}`,
  "A".repeat(33),
  `${"A".repeat(31)}G`,
  ` ${"A".repeat(32)}`,
])
  test(`"${text}" is no hash, and the message does not show it`, () => {
    assert.throws(
      () => decodeCntlmHash("PassNT", text, "0.92"),
      (error) =>
        error instanceof ConfigError && /PassNT.*32/.test(error.message) && !/A{9}/.test(error.message),
    );
  });
