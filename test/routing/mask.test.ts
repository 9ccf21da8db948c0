import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Secret } from "../../src/core/secret.ts";
import { maskPasswords, passwordsIn } from "../../src/routing/mask.ts";

const password = `p@ss"w'or<d>&%\\ü/1`;
const value = `http://user:${encodeURIComponent(password)}@proxy:3128`;
const found = passwordsIn([value]);

test("passwords are found in values with and without scheme, decoded and as written", () => {
  assert.deepEqual(
    found.map((one) => one.reveal()),
    [encodeURIComponent(password), password],
  );
  const plain = (text: string) => passwordsIn([text]).map((one) => one.reveal());
  assert.deepEqual(plain("user:secret@proxy:3128"), ["secret"]);
  assert.deepEqual(plain("http://user:p@ss@proxy:3128"), ["p@ss"]);
  assert.deepEqual(plain("http://user:p/s#s@proxy:3128"), ["p/s#s"]);
  assert.deepEqual(plain("http://user:p%zz@proxy:3128"), ["p%zz"]);
  assert.deepEqual(plain("http://proxy:3128"), []);
  assert.deepEqual(plain("http://user@proxy:3128"), []);
});

const forms: Record<string, string> = {
  "as it is": password,
  "percent-encoded": encodeURIComponent(password),
  "percent-encoded in lower case": encodeURIComponent(password).replace(/%../g, (one) => one.toLowerCase()),
  JSON: JSON.stringify({ value: password }),
  "JSON in ASCII": JSON.stringify(password).replace("ü", "\\u00fc"),
  XML: password
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&apos;"),
  "a shell's single quotes": `'${password.replaceAll("'", "'\\''")}'`,
  "an expression's quotes": `'${password.replaceAll("'", "''")}'`,
  "a command line": password.replaceAll('"', '\\"'),
  "a systemd unit": password.replace(/["\\]/g, "\\$&").replaceAll("%", "%%"),
};
for (const [name, text] of Object.entries(forms))
  test(`a password is hidden: ${name}`, () => {
    const masked = maskPasswords(`before ${text} after`, found);
    assert.match(masked, /^before .*\*\*\*.* after$/);
    assert.doesNotMatch(masked, /ss|%40|w'or|<d>/);
  });

test("a password is hidden in Base64 wherever it begins, in both alphabets", () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 6, maxLength: 40 }),
      fc.uint8Array({ maxLength: 7 }),
      fc.uint8Array({ maxLength: 7 }),
      fc.constantFrom("base64" as const, "base64url" as const),
      (secret, before, after, alphabet) => {
        const bytes = Buffer.from(secret, "utf8");
        const text = Buffer.concat([before, bytes, after]).toString(alphabet);
        const masked = maskPasswords(text, [new Secret(secret)]);
        assert.ok(masked.includes("***"), `${text} became ${masked}`);
      },
    ),
  );
});

test("a user's name and what is no password stay", () => {
  assert.equal(maskPasswords("user at proxy:3128", found), "user at proxy:3128");
  assert.equal(maskPasswords("ab cab", [new Secret("ab")]), "ab cab");
});
