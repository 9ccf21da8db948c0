import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Secret } from "../../src/core/secret.ts";
import { maskUserinfo, redactFields, redactText, showControls } from "../../src/observe/redact.ts";

test("the userinfo of URLs is masked, also where the password was not encoded", () => {
  const cases: Record<string, string> = {
    "http://bob:pw@proxy:8080": "http://bob:***@proxy:8080",
    "see http://bob:pw@proxy:8080/ and https://al:x@b": "see http://bob:***@proxy:8080/ and https://al:***@b",
    "http://ghp_token@github.com/x": "http://***@github.com/x",
    "http://bob:p@ss@proxy": "http://bob:***@proxy",
    "http://bob:p/w#d?@proxy:1": "http://bob:***@proxy:1",
    "http://CORP\\bob:pw@proxy": "http://CORP\\bob:***@proxy",
    "HTTPS_PROXY=bob:pw@proxy:8080": "HTTPS_PROXY=bob:***@proxy:8080",
    "http://h1:80/x,http://bob:pw@h2": "http://h1:80/x,http://bob:***@h2",
    "http://[::1]:80/@x": "http://[::1]:80/@x",
  };
  for (const [text, masked] of Object.entries(cases)) assert.equal(maskUserinfo(text), masked);
});

test("addresses with an @ that is no userinfo stay readable", () => {
  for (const text of [
    "http://registry:4873/@types/node",
    "http://host/a@b",
    "https://host/?q=a@b",
    "bob@example.org",
    "alpine:3.19@sha256:0123abcd",
    "http://host:8080",
  ])
    assert.equal(maskUserinfo(text), text);
});

test("credentials in running text are hidden, and words that look alike are not", () => {
  const token = Buffer.from("bob:hunter2").toString("base64");
  for (const text of [
    `Proxy-Authorization: Basic ${token}`,
    `sent Basic ${token} twice`,
    "NTLM TlRMTVNTUAADAAAAGAAYAEgAAAAYABgAYAAAAA==",
    "Set-Cookie: sid=hunter2",
    "https://x/?password=hunter2&a=b",
    "Bearer abcdefghijklmnopqrstuvwxyz",
  ]) {
    const shown = redactText(text);
    assert.match(shown, /\[hidden\]/, text);
    assert.doesNotMatch(shown, /hunter2|Ym9i|TlRM|abcdefgh/, text);
  }
  const sentence = "the parent offers only Basic authentication, NTLM is not among them";
  assert.equal(redactText(sentence), sentence);
});

test("a Secret, and a field with a secret's name, is hidden at any depth", () => {
  const clean = redactFields({
    a: new Secret("hunter2"),
    deep: { list: [{ "Proxy-Authorization": "hunter2", nt_hash: "hunter2" }], raw: ["Cookie", "hunter2"] },
    Password: "hunter2",
    cause: new Error("no", { cause: new Error("http://u:hunter2@h") }),
    map: new Map([["token", "hunter2"]]),
    bytes: Buffer.from("hunter2"),
    url: new URL("http://u:hunter2@h/"),
  });
  assert.doesNotMatch(JSON.stringify(clean), /hunter2/);
  assert.equal(clean.a, "[hidden]");
  assert.equal(clean.bytes, "[7 bytes]");
  assert.deepEqual(redactFields({ passwordFile: "/etc/sallyport/password", tokens: 3 }), {
    passwordFile: "/etc/sallyport/password",
    tokens: 3,
  });
});

test("a field cannot take the place of the line's own level, time and message", () => {
  assert.deepEqual(redactFields({ level: "error", time: "x", msg: "y" }), {
    level_: "error",
    time_: "x",
    msg_: "y",
  });
});

test("circular, deep, wide and long values come out bounded", () => {
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  const clean = redactFields({ circle, wide: Array(10_000).fill("x"), long: "y".repeat(1_000_000) });
  assert.ok(JSON.stringify(clean).length < 20_000);
  assert.match(String(clean.long), /\[995904 characters more\]$/);
});

test("a password is not uncovered by cutting a long text", () => {
  const text = `${"x".repeat(4080)} http://bob:hunter2hunter2@proxy`;
  assert.doesNotMatch(redactText(text), /hunter/);
});

test("property: no text leaves a control character, and the password of a URL never shows", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
      assert.doesNotMatch(redactText(text), /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202e]/);
    }),
  );
  const word = fc.stringMatching(/^[!-~]{1,20}$/);
  fc.assert(
    fc.property(word, word, (before, after) => {
      const password = `${before}QQQQQQ${after}`;
      // `123/…@` reads as a port and a path: that one shape stays ambiguous.
      fc.pre(!/^\d{0,5}[/?#]/.test(password) && !password.includes("://"));
      // After an "@" the rest of an unencoded password reads as host and path.
      fc.pre(!/@.*[/?#]/.test(password));
      assert.doesNotMatch(maskUserinfo(`x http://bob:${password}@proxy:8080 y`), /QQQQQQ/);
    }),
  );
});

test("hostile texts are redacted in time that grows with their length only", () => {
  const started = performance.now();
  for (const unit of ["a:", "http://a:", "@", "authorization", "://", "Basic ", "a", "password= "])
    redactText(`${unit.repeat(4000 / unit.length)}/@`);
  assert.ok(performance.now() - started < 1000);
});

test("control characters are shown, printable ones are kept", () => {
  assert.equal(showControls("a\r\n\x1b[31m\u009b\u202eü€"), "a\\x0d\\x0a\\x1b[31m\\x9b\\u202eü€");
});
