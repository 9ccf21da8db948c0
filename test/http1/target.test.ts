import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { BadRequestError } from "../../src/core/errors.ts";
import { parseAbsolute, parseAuthority, printable } from "../../src/http1/target.ts";

const parts = (text: string) => {
  const { scheme, host, port, authority, path, userinfo } = parseAbsolute(text);
  return [scheme, host, port, authority, path, userinfo];
};

const absolute: readonly [string, string, string, number, string, string, string?][] = [
  ["http://a.example/b?c=d", "http", "a.example", 80, "a.example", "/b?c=d"],
  ["HTTP://A.Example/B", "http", "a.example", 80, "A.Example", "/B"],
  ["http://a:8080/", "http", "a", 8080, "a:8080", "/"],
  ["http://a:/x", "http", "a", 80, "a", "/x"],
  ["http://a:00080/x", "http", "a", 80, "a:00080", "/x"],
  ["http://a", "http", "a", 80, "a", "/"],
  ["http://a?q", "http", "a", 80, "a", "/?q"],
  ["http://a/b#c", "http", "a", 80, "a", "/b"],
  ["http://a#c/d@e", "http", "a", 80, "a", "/"],
  ["http://a/b@c", "http", "a", 80, "a", "/b@c"],
  ["http://a/b?c@d:80/", "http", "a", 80, "a", "/b?c@d:80/"],
  ["http://u:p%40@a/", "http", "a", 80, "a", "/", "u:p%40"],
  ["http://u@v@a/", "http", "a", 80, "a", "/", "u@v"],
  ["http://@a/", "http", "a", 80, "a", "/", ""],
  ["http://[::1]/", "http", "::1", 80, "[::1]", "/"],
  ["http://[2001:DB8::1]:8080/x", "http", "2001:db8::1", 8080, "[2001:DB8::1]:8080", "/x"],
  ["http://[::ffff:10.0.0.1]", "http", "::ffff:10.0.0.1", 80, "[::ffff:10.0.0.1]", "/"],
  ["http://[fe80::1%25eth0]/", "http", "fe80::1%eth0", 80, "[fe80::1%25eth0]", "/"],
  ["https://a/", "https", "a", 443, "a", "/"],
  ["ftp://a/", "ftp", "a", 21, "a", "/"],
  ["ws://a/", "ws", "a", 80, "a", "/"],
  ["http://a_b.example./", "http", "a_b.example.", 80, "a_b.example.", "/"],
  ["http://127.1/", "http", "127.1", 80, "127.1", "/"],
];
for (const [text, scheme, host, port, authority, path, userinfo] of absolute)
  test(`${text} goes to ${host} port ${port}`, () => {
    assert.deepEqual(parts(text), [scheme, host, port, authority, path, userinfo]);
  });

for (const text of [
  "/path",
  "*",
  "a:443",
  "http:/a/",
  "http:///path",
  "http://",
  "http://:80/",
  "http://u:p@/",
  "http://a:0/",
  "http://a:65536/",
  "http://a:123456/",
  "http://a:80x/",
  "http://a:-1/",
  "http://a b/",
  "http://a\\@b/",
  "http://a\\b/",
  "http://a\x00/",
  "http://a\x7f/",
  "http://b\xfccher/",
  "http://a<b>/",
  "http://[::1/",
  "http://::1/",
  "http://[]/",
  "http://[:::]/",
  "http://[127.0.0.1]/",
  "http://[dead.beef]/",
  "http://[::1]x/",
  "http://a[::1]/",
  "unknown://a/",
  "1http://a/",
])
  test(`${printable(text)} is refused as a target`, () => {
    assert.throws(() => parseAbsolute(text), BadRequestError);
  });

test("CONNECT takes host:port, and keeps it as it was written for the parent", () => {
  assert.deepEqual(parseAuthority("A.example:0443"), {
    scheme: "https",
    host: "a.example",
    port: 443,
    authority: "A.example:0443",
    path: "",
    userinfo: undefined,
  });
  assert.equal(parseAuthority("[::1]:22").host, "::1");
});

for (const text of [
  "a",
  "a:",
  "a:0",
  "a:65536",
  "a:443/",
  "a:443#",
  ":443",
  "u:p@a:443",
  "http://a:443",
  "::1:443",
  "[::1]",
  "[::1]443",
  "[127.0.0.1]:443",
  "a b:443",
  "a\\b:443",
  "a:4 43",
  "a,b\x00:443",
])
  test(`CONNECT ${printable(text)} is refused`, () => {
    assert.throws(() => parseAuthority(text), BadRequestError);
  });

test("no password comes into a message", () => {
  for (const text of [
    "http://user:geheim@a:bad/",
    "http://user:geheim@x@a:bad/",
    "http://user:ge/geheim@a/",
    "user:geheim@a:443",
    "user:ge//geheim@a:443",
    "/user:geheim@a",
  ])
    for (const parse of [parseAbsolute, parseAuthority])
      assert.throws(
        () => parse(text),
        (error) => error instanceof BadRequestError && !/geheim|:ge/.test(error.message),
      );
});

test("what is printed has no control characters and is not endless", () => {
  assert.equal(printable("a\r\nb\x1b[31m\xe9"), "a??b?[31m?");
  assert.equal(printable("x".repeat(200)), `${"x".repeat(80)}…`);
  assert.equal(printable("http://u:p@a/b"), "http://***@a/b");
});

test("where Sallyport and the URL standard both accept a target, they mean the same host and port", () => {
  const piece = fc.constantFrom(
    "a",
    "b.example",
    ":",
    "80",
    "@",
    "/",
    "\\",
    "?",
    "#",
    "[::1]",
    "%41",
    ".",
    "user",
    "-",
    ";",
  );
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1, maxLength: 8 }), (pieces) => {
      const text = `http://${pieces.join("")}`;
      let own: ReturnType<typeof parseAbsolute>;
      let url: URL;
      try {
        own = parseAbsolute(text);
        url = new URL(text);
      } catch (error) {
        assert.ok(error instanceof BadRequestError || error instanceof TypeError);
        return;
      }
      // The standard decodes names and numbers; here both are names still, which are judged once they are resolved.
      if (own.host.includes("%") || /(^|\.)\d+\.?$/.test(own.host)) return;
      assert.equal(url.hostname.replace(/^\[|\]$/g, ""), own.host);
      assert.equal(url.port || "80", String(own.port));
    }),
    { numRuns: 5000 },
  );
});
