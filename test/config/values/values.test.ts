import assert from "node:assert/strict";
import { test } from "node:test";
import { readWho } from "../../../src/config/values/access-who.ts";
import { durationText, readDuration } from "../../../src/config/values/duration.ts";
import { listenText, readListen } from "../../../src/config/values/listen.ts";
import { readParentHostPort, readParentUrl } from "../../../src/config/values/parent-url.ts";
import { readProbe } from "../../../src/config/values/probe.ts";

const hintOf = (reading: object) => ("hint" in reading ? String(reading.hint) : "none");

for (const [text, value] of [
  ["127.0.0.1:3128", { kind: "address", host: "127.0.0.1", port: 3128 }],
  ["localhost:0", { kind: "address", host: "127.0.0.1", port: 0 }],
  ["[::1]:3128", { kind: "address", host: "::1", port: 3128 }],
  [":3128", { kind: "address", host: "", port: 3128 }],
  ["*:3128", { kind: "address", host: "", port: 3128 }],
  ["docker0:3128", { kind: "interface", name: "docker0", port: 3128 }],
  ["eth0.100:80", { kind: "interface", name: "eth0.100", port: 80 }],
  ["unix:/run/x.sock", { kind: "unix", path: "/run/x.sock" }],
] as const)
  test(`listen = "${text}" is understood`, () => {
    const reading = readListen(text);
    assert.deepEqual(reading, { value });
    assert.deepEqual(readListen(listenText(value)), { value });
  });

for (const [text, hint] of [
  ["3128", /127\.0\.0\.1:3128/],
  ["http://127.0.0.1:3128/", /"127\.0\.0\.1:3128"/],
  ["::1", /\[::1\]:3128/],
  ["10.0.0.300:80", /up to 255/],
  ["127.0.0.1:70000", /65535/],
  ["[127.0.0.1]:80", /IPv6/],
  ["proxy.corp.example:80", /host name/],
  ["unix:run.sock", /starts with \//],
  ["docker0", /docker0:3128/],
  ["", /127\.0\.0\.1:3128/],
] as const)
  test(`listen = "${text}" is a mistake that says what would be right`, () => {
    assert.match(hintOf(readListen(text)), hint);
  });

for (const [text, host, port] of [
  ["http://10.0.0.41:8080", "10.0.0.41", 8080],
  ["http://proxy.corp.example:80/", "proxy.corp.example", 80],
  ["HTTP://[fd00::1]:3128", "fd00::1", 3128],
] as const)
  test(`a parent at ${text} is understood`, () => {
    assert.deepEqual(readParentUrl(text), { value: { host, port } });
  });

for (const [text, hint] of [
  ["10.0.0.41:8080", /"http:\/\/10\.0\.0\.41:8080"/],
  ["http://proxy", /:8080/],
  ["http://proxy:0", /1 to 65535/],
  ["http://proxy:8080/path", /without a path/],
  ["https://proxy:8080", /http:\/\//],
  ["socks5://proxy:1080", /http:\/\//],
  ["ftp://proxy:21", /http:\/\/host:port/],
  ["http://10.0.0.400:80", /name or an address/],
] as const)
  test(`a parent at ${text} is a mistake that says what would be right`, () => {
    assert.match(hintOf(readParentUrl(text)), hint);
  });

test("what stands before an @ in a parent's URL is refused and not shown", () => {
  for (const text of [
    "http://u:S3cret@proxy:80",
    "u:S3cret@proxy:80",
    "http://S3cret@",
    "http://u:S3cret@pr oxy",
  ]) {
    const reading = readParentUrl(text);
    assert.match(hintOf(reading), /password_file/);
    assert.doesNotMatch(JSON.stringify(reading), /S3cret/);
  }
  assert.doesNotMatch(JSON.stringify(readParentHostPort("u:S3cret@proxy:80")), /S3cret/);
});

for (const [value, ms] of [
  ["500ms", 500],
  ["2s", 2000],
  ["10m", 600_000],
  ["1h", 3_600_000],
  ["1.5s", 1500],
  ["1d", 86_400_000],
  ["3", 3000],
  [0.25, 250],
] as const)
  test(`a time of ${value} is ${ms} ms`, () => {
    assert.deepEqual(readDuration(value, false), { value: ms });
    assert.deepEqual(readDuration(durationText(ms), false), { value: ms });
  });

test("a time of 0 is taken only where it has a meaning", () => {
  assert.deepEqual(readDuration(0, true), { value: 0 });
  assert.deepEqual(readDuration("0s", true), { value: 0 });
  assert.match(hintOf(readDuration(0, false)), /500ms/);
});

for (const value of [-1, Number.POSITIVE_INFINITY, Number.NaN, "25d", "2 parsecs", "", "1e3s"])
  test(`a time of ${JSON.stringify(value)} is a mistake`, () => {
    assert.match(hintOf(readDuration(value, false)), /500ms/);
  });

for (const text of [
  "10.0.0.0/8",
  "10.1.2.3",
  "::1",
  "fd00::/8",
  "::ffff:10.0.0.0/104",
  "docker",
  "*",
  "build1.corp.example",
  "büro",
])
  test(`who = "${text}" is understood`, () => {
    assert.deepEqual(readWho(text), { value: text });
  });

for (const [text, hint] of [
  ["10.0.0.0/33", /0 to 32/],
  ["fd00::/129", /0 to 128/],
  ["10.0.0.300", /up to 255/],
  ["[::1]", /"::1"/],
  ["a b", /host name/],
  ["", /host name/],
] as const)
  test(`who = "${text}" is a mistake`, () => {
    assert.match(hintOf(readWho(text)), hint);
  });

test("a probe is trace, off or a URL without a name in it", () => {
  assert.deepEqual(readProbe("off"), { value: "off" });
  assert.deepEqual(readProbe("http://intranet/"), { value: new URL("http://intranet/") });
  assert.match(hintOf(readProbe("trce")), /"trace"/);
  assert.doesNotMatch(JSON.stringify(readProbe("http://u:S3cret@x/")), /S3cret/);
});
