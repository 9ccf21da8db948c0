import assert from "node:assert/strict";
import { test } from "node:test";
import { basicHandshake } from "../../src/auth/basic.ts";
import type { Credential } from "../../src/core/credential.ts";
import { ChallengeError, NoCredentialError, SchemeError } from "../../src/core/errors.ts";
import { Secret } from "../../src/core/secret.ts";

const someone = (username: string, password: string, domain = ""): Credential => ({
  username,
  domain,
  workstation: "",
  auth: "auto",
  password: new Secret(password),
});

test("Basic sends name and password as RFC 7617 has them", () => {
  const handshake = basicHandshake(someone("Aladdin", "open sesame"));
  assert.equal(handshake.proves, false);
  assert.equal(handshake.next(undefined), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  assert.equal(handshake.proves, true);
  assert.equal(handshake.binds, "request");
});

test("Basic sends letters outside of ASCII in UTF-8, a colon in the password, and the domain before the name", () => {
  assert.equal(basicHandshake(someone("test", "123£")).next(undefined), "Basic dGVzdDoxMjPCow==");
  const header = basicHandshake(someone("jürgen", "a:b", "CORP")).next(undefined);
  assert.equal(Buffer.from(header.slice(6), "base64").toString(), "CORP\\jürgen:a:b");
});

test("Basic has one leg only", () => {
  const handshake = basicHandshake(someone("a", "b"));
  handshake.next('realm="x"');
  assert.throws(() => handshake.next('realm="x"'), ChallengeError);
});

test("Basic refuses what it cannot carry, and never shows the password", () => {
  const { password: _, ...nobody } = someone("user", "");
  const hash = new Secret(new Uint8Array(16));
  const cases: [Credential, typeof SchemeError | typeof NoCredentialError, RegExp][] = [
    [nobody, NoCredentialError, /no password/],
    [{ ...nobody, ntHash: hash }, SchemeError, /needs the password itself/],
    [{ ...nobody, ntlmv2Hash: hash }, SchemeError, /needs the password itself/],
    [someone("a:b", "s3cret"), SchemeError, /"a:b": it has a colon/],
    [someone("a\nb", "s3cret"), SchemeError, /control character/],
    [someone("a", "s3cret\nmore"), SchemeError, /control character/],
  ];
  for (const [credential, kind, message] of cases)
    assert.throws(
      () => basicHandshake(credential),
      (error) =>
        error instanceof kind &&
        message.test(error.message) &&
        error.hint !== undefined &&
        !/s3cret/.test(`${error.message}${error.hint}`),
      String(message),
    );
});
