import assert from "node:assert/strict";
import { test } from "node:test";
import { parseChallenges } from "../../src/auth/challenges.ts";
import { chooseScheme, startHandshake } from "../../src/auth/choose.ts";
import type { Credential } from "../../src/core/credential.ts";
import { NoCredentialError, SchemeError } from "../../src/core/errors.ts";
import { Secret } from "../../src/core/secret.ts";

const nobody: Credential = { username: "u", domain: "D", workstation: "", auth: "auto" };
const withPassword: Credential = { ...nobody, password: new Secret("p") };
const withHash: Credential = { ...nobody, ntHash: new Secret(new Uint8Array(16)) };
const choose = (fields: string[], credential: Credential) =>
  chooseScheme(parseChallenges(fields), credential);

test("auto takes the strongest scheme that is offered, whatever their order and case", () => {
  assert.equal(choose(["Basic realm=x", "nTLM"], withPassword), "ntlm");
  assert.equal(choose(["Negotiate, Basic realm=x"], withPassword), "basic");
  assert.equal(choose(["Negotiate", "NTLM"], withHash), "ntlm");
});

test("a named scheme is taken when it is offered, though a stronger one is", () => {
  assert.equal(choose(["NTLM", "Basic realm=x"], { ...withPassword, auth: "basic" }), "basic");
});

const refusals: readonly [string, string[], Credential, RegExp][] = [
  [
    "only schemes that are not built",
    ["Negotiate", "Digest realm=x"],
    withPassword,
    /offers Negotiate and Digest, and Sallyport signs in with NTLM and Basic/,
  ],
  ["no scheme", [], withPassword, /offers no scheme at all/],
  [
    "not the named scheme",
    ["NTLM, Negotiate"],
    { ...withPassword, auth: "basic" },
    /offers NTLM and Negotiate, and auth = "basic" asks for Basic/,
  ],
  [
    "Basic where only a hash is known",
    ["Basic realm=x"],
    withHash,
    /offers Basic, .*needs the password itself/,
  ],
  [
    "Basic by name where only a hash is known",
    ["Basic realm=x"],
    { ...withHash, auth: "basic" },
    /needs the password itself/,
  ],
  [
    "very many schemes",
    [Array.from({ length: 500 }, (_, i) => `x${i}`).join(",")],
    withPassword,
    /x5 and others, and/,
  ],
];
for (const [what, fields, credential, message] of refusals)
  test(`a parent that offers ${what} is a SchemeError that says so`, () => {
    assert.throws(
      () => choose(fields, credential),
      (error) => error instanceof SchemeError && message.test(error.message) && error.hint !== undefined,
    );
  });

test("without any secret there is nothing to choose", () => {
  assert.throws(
    () => choose(["NTLM"], nobody),
    (error) => error instanceof NoCredentialError && error.message.includes("D\\u"),
  );
});

test("the chosen scheme's handshake is started", () => {
  const context = { parentHost: "parent" };
  assert.match(startHandshake("ntlm", withPassword, context).next(undefined), /^NTLM TlRM/);
  assert.equal(startHandshake("basic", withPassword, context).next(undefined), "Basic RFx1OnA=");
});
