import assert from "node:assert/strict";
import { resolve } from "node:path";
import { test } from "node:test";
import { proxySpec } from "../../src/cli/specs/proxy.ts";
import { loadSettings } from "../../src/config/load.ts";
import { overridesFromOptions } from "../../src/config/overrides.ts";
import { UsageError } from "../../src/core/errors.ts";
import { folder, interfaces, read, write } from "./files.ts";

const all = {
  listen: ["docker0:3128", ":3129"],
  parent: ["http://10.0.0.41:8080", "http://10.0.0.42:8080"],
  username: "u",
  domain: "D",
  passwordFile: write("password", "S3cret\n"),
  auth: "ntlm",
  noProxy: "localhost,.x",
  gateway: true,
  allow: ["10.0.0.0/8"],
  deny: ["10.1.0.0/16"],
  logLevel: "warn",
  logFormat: "json",
  accessLog: true,
  metrics: "127.0.0.1:9128",
  stateDirectory: "state",
  probe: "off",
  cntlmHashes: "0.94",
};

test("every option of the proxy command arrives in the settings, without a file", () => {
  const { settings } = loadSettings({ overrides: overridesFromOptions(all), env: {}, interfaces });
  const { proxy } = settings;
  assert.deepEqual(proxy.listen, [
    { kind: "interface", name: "docker0", port: 3128 },
    { kind: "address", host: "", port: 3129 },
  ]);
  assert.deepEqual(
    proxy.parents.map((one) => one.host),
    ["10.0.0.41", "10.0.0.42"],
  );
  const { credential } = proxy.parents[1]!;
  assert.deepEqual(
    { ...credential, password: 0 },
    { username: "u", domain: "D", workstation: "", auth: "ntlm", password: 0 },
  );
  assert.equal(credential!.password!.reveal(), "S3cret");
  assert.deepEqual(proxy.noProxy, { text: "localhost,.x", dialect: "sallyport" });
  assert.deepEqual(proxy.access, {
    rules: [
      { action: "deny", who: "10.1.0.0/16" },
      { action: "allow", who: "10.0.0.0/8" },
    ],
    otherwise: "deny",
  });
  assert.deepEqual(settings.log, { level: "warn", format: "json", access: true });
  assert.deepEqual(settings.metrics.listen, { kind: "address", host: "127.0.0.1", port: 9128 });
  assert.equal(settings.stateDirectory, resolve("state"));
  assert.equal(proxy.probe, "off");
});

test("the options of the command and those that are read are the same", () => {
  const names = proxySpec.options.map((one) =>
    /--([a-z-]+)/.exec(one.flags)![1]!.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase()),
  );
  assert.deepEqual(names.filter((name) => name !== "config").sort(), Object.keys(all).sort());
});

for (const [options, wanted] of [
  [{ parent: ["http://u:S3cret@x:1"] }, /--parent: the URL of a parent holds a user name or password/],
  [{ parent: ["x:1"] }, /--parent: "x:1"/],
  [{ listen: ["3128"] }, /--listen: "3128"/],
  [{ allow: ["a b"] }, /--allow/],
  [{ deny: ["10.0.0.0/99"] }, /--deny/],
  [{ auth: "negotiate" }, /--auth: Kerberos .* comes in a later version/],
  [{ auth: "ntml" }, /--auth: "ntml"/],
  [{ username: "CORP\\u" }, /--username: the name holds the domain/],
  [{ noProxy: "10.0.0.*" }, /--no-proxy: .*can never match/],
  [{ probe: "x" }, /--probe/],
  [{ metrics: "x" }, /--metrics/],
  [{ cntlmHashes: "0.93" }, /--cntlm-hashes/],
] as const)
  test(`${JSON.stringify(options).replace("S3cret", "…")} is a usage error`, () => {
    assert.throws(
      () => overridesFromOptions(options),
      (thrown: unknown) =>
        thrown instanceof UsageError &&
        wanted.test(thrown.message) &&
        !/S3cret/.test(thrown.message + thrown.hint),
    );
  });

const file = `[proxy]
allow = ["docker"]
[[proxy.parent]]
url = "http://a:1"
[identity]
username = "u"
domain = "D"
password_file = "${folder}/password"
`;

test("the command line stands over the file, and what it does not say stays", () => {
  const { settings } = read(file, {
    overrides: overridesFromOptions({ parent: ["http://b:2"], deny: ["10.0.0.1"] }),
  });
  assert.deepEqual(
    settings!.proxy.parents.map((one) => [one.host, one.credential!.username]),
    [["b", "u"]],
  );
  assert.deepEqual(settings!.proxy.access.rules, [
    { action: "deny", who: "10.0.0.1" },
    { action: "allow", who: "docker" },
  ]);
});

test("another user's name never goes out with the file's password", () => {
  assert.match(
    read(file, { overrides: { username: "v" } }).errors.join(),
    /^--username: .*add --password-file$/,
  );
  assert.deepEqual(read(file, { overrides: { username: "u" } }).errors, []);
  const bound = file.replace(/password_file.*/, `ntlmv2_hash = "${"0".repeat(32)}"`);
  assert.match(
    read(bound, { overrides: { domain: "E" } }).errors.join(),
    /^--domain: .*add --password-file$/,
  );
});

test("a mistake that the command line makes together with the file names the option", () => {
  assert.match(
    read(file, { overrides: overridesFromOptions({ listen: [":1"] }) }).errors.join(),
    /^--listen: \*:1 opens/,
  );
});
