import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { loadSettings, readSettings } from "../../src/config/load.ts";
import { ConfigError } from "../../src/core/errors.ts";
import { folder, interfaces, read, write } from "./files.ts";

const hash = "8846F7EAEE8FB117AD06BDD830B7586C";
write("password", "S3cret-pass\n");

test("without a file the defaults hold", () => {
  const { settings } = loadSettings({ env: { STATE_DIRECTORY: "/s/a:/s/b" }, interfaces });
  assert.deepEqual(settings.proxy.listen, [{ kind: "address", host: "127.0.0.1", port: 3128 }]);
  assert.deepEqual(settings.proxy.access, {
    rules: [
      { action: "allow", who: "127.0.0.0/8" },
      { action: "allow", who: "::1" },
      { action: "allow", who: "docker" },
    ],
    otherwise: "deny",
  });
  assert.equal(settings.proxy.timeouts.connect, 2000);
  assert.equal(settings.proxy.limits.headBytes, 131_072);
  assert.equal(settings.stateDirectory, "/s/a");
  assert.deepEqual(settings.warnings, []);
});

test("every key of the file arrives in the settings", () => {
  const { settings, errors } = read(`
[proxy]
listen = ["docker0:3128", "unix:/run/x.sock", ":8080"]
gateway = true
allow = ["docker", "10.0.0.0/8"]
deny = "10.1.0.0/16"
allow_targets = ["169.254.169.254"]
no_proxy = ["localhost", ".corp.example"]
probe = "http://intranet.corp.example/"
timeouts = { connect = "1s", origin_connect = "4s", answer = 3, response = "1m", head = "2s", keep_alive = "3s", idle = 0, stop = "1s" }
limits = { head_bytes = 8192, head_fields = 60, connections = 10 }
pool = { max_idle = 2, idle = "20s", logons = 3 }
[[proxy.parent]]
url = "http://10.0.0.41:8080"
[[proxy.parent]]
url = "http://[fd00::1]:8080"
username = "other"
nt_hash = "${hash}"
auth = "ntlm"
[[proxy.parent]]
url = "http://open.corp.example:3128"
auth = "none"
[[proxy.client]]
username = "job"
password_file = "password"
[identity]
username = "testuser"
domain = "corp-uk"
workstation = "ws"
password_file = "password"
[log]
level = "debug"
format = "json"
access = true
[metrics]
listen = "127.0.0.1:9128"
[state]
directory = "/var/lib/x"
`);
  assert.deepEqual(errors, []);
  const { proxy, ...rest } = settings!;
  assert.deepEqual(proxy.listen, [
    { kind: "interface", name: "docker0", port: 3128 },
    { kind: "unix", path: "/run/x.sock" },
    { kind: "address", host: "", port: 8080 },
  ]);
  assert.deepEqual(proxy.access, {
    rules: [
      { action: "deny", who: "10.1.0.0/16" },
      { action: "allow", who: "docker" },
      { action: "allow", who: "10.0.0.0/8" },
    ],
    otherwise: "deny",
  });
  assert.deepEqual(proxy.allowTargets, ["169.254.169.254"]);
  assert.deepEqual(proxy.noProxy, { text: "localhost,.corp.example", dialect: "sallyport" });
  assert.deepEqual(proxy.probe, new URL("http://intranet.corp.example/"));
  assert.deepEqual(proxy.timeouts, {
    connect: 1000,
    originConnect: 4000,
    answer: 3000,
    response: 60_000,
    head: 2000,
    keepAlive: 3000,
    idle: 0,
    stop: 1000,
  });
  assert.deepEqual(proxy.limits, { headBytes: 8192, headFields: 60, connections: 10 });
  assert.deepEqual(proxy.pool, { maxIdle: 2, idle: 20_000, logons: 3 });
  const [first, second, third] = proxy.parents;
  assert.equal(first!.credential!.password!.reveal(), "S3cret-pass");
  assert.deepEqual(
    { ...first!.credential, password: 0 },
    { username: "testuser", domain: "corp-uk", workstation: "ws", auth: "auto", password: 0 },
  );
  assert.equal(second!.host, "fd00::1");
  assert.equal(second!.credential!.username, "other");
  assert.equal(second!.credential!.domain, "corp-uk");
  assert.equal(Buffer.from(second!.credential!.ntHash!.reveal()).toString("hex").toUpperCase(), hash);
  assert.equal(second!.credential!.password, undefined);
  assert.equal(third!.credential, undefined);
  assert.equal(proxy.clients[0]!.password.reveal(), "S3cret-pass");
  assert.deepEqual(rest.log, { level: "debug", format: "json", access: true });
  assert.deepEqual(rest.metrics, { listen: { kind: "address", host: "127.0.0.1", port: 9128 } });
  assert.equal(rest.stateDirectory, "/var/lib/x");
});

test("a configuration with ten mistakes reports ten, each with its line and what would be right", () => {
  const { errors } = read(`[proxy]
listne = ["127.0.0.1:3128"]
listen = ["127.0.0.1:99999", ":3128"]
gateway = "no"
probe = trace
[[proxy.parent]]
url = "10.0.0.41:8080"
[[proxy.parent]]
url = "http://u:S3cret@10.0.0.42:8080"
[identity]
auth = "negotiate"
username = "CORP\\\\testuser"
[proxy.timeouts]
connect = "soon"
`);
  assert.deepEqual(
    errors.map((line) => line.replace(/^c:(\d+):\d+: .*?; (.*)$/, "$1 $2")),
    [
      "2 did you mean listen?",
      "3 a port is at most 65535",
      '3 add gateway = true if that is meant, or name an address or interface ("docker0:3128")',
      "4 write true or false, without quotes",
      '5 put a text in quotes: probe = "value"; a list is ["a", "b"], a switch true or false',
      '7 write it with its scheme: "http://10.0.0.41:8080"',
      "9 take it out: the name belongs into username, the password into password_file",
      '11 until then write one of "auto", "ntlm", "basic"',
      '12 write username = "user" and domain = "DOMAIN"',
      '14 write "500ms", "2s", "10m" or "1h" (24 days at the most)',
    ],
  );
  assert.doesNotMatch(errors.join("\n"), /S3cret/);
});

test("loading throws one error that lists all mistakes, a line each", () => {
  const file = write("bad.toml", "[proxy]\ngateway = 1\nprobe = 2\n[zzz]\n");
  assert.throws(
    () => loadSettings({ file, env: {}, interfaces }),
    (thrown: unknown) => {
      assert.ok(thrown instanceof ConfigError);
      assert.equal(thrown.message.split("\n").length, 4);
      assert.match(thrown.message, /bad\.toml:2:11: proxy\.gateway/);
      return true;
    },
  );
});

for (const [name, text, wanted] of [
  [
    "a key of another table",
    '[proxy]\nusername = "x"',
    /there is no key proxy\.username; it belongs into .*\[identity\]/,
  ],
  ["an unknown table", "[proxi]\nx = 1", /there is no key proxi; did you mean proxy\?/],
  ["one table where a list is due", '[proxy.parent]\nurl = "http://x:1"', /write \[\[proxy\.parent\]\]/],
  ["a key of a later version", '[proxy]\npac = "x"', /PAC file comes in a later version/],
  ["a table of a later version", '[socks]\nlisten = "x"', /SOCKS5 listener comes in a later version/],
  ["a keytab", '[identity]\nkeytab = "x"', /Kerberos with a keytab comes in a later version/],
  ["Digest", '[identity]\nauth = "digest"', /Digest comes in a later version/],
  ["a parent without URL", "[[proxy.parent]]", /^c:1:1: proxy\.parent\.url is missing/],
  ["a list of wrong elements", "[proxy]\nlisten = [1]", /^c:2:11: .*this is a number/],
  ["no listener at all", "[proxy]\nlisten = []", /no address to listen on/],
  [
    "one address twice",
    '[proxy]\nlisten = ["127.0.0.1:1", "127.0.0.1:1"]',
    /127\.0\.0\.1:1 is listened on twice/,
  ],
  ["metrics on a listener's address", '[metrics]\nlisten = "127.0.0.1:3128"', /listened on twice/],
  [
    "an entry of no_proxy that never matches",
    '[proxy]\nno_proxy = "10.0.0.*"',
    /no_proxy entry "10\.0\.0\.\*" can never match.*; write "10\.0\.0\.0\/24"/,
  ],
  ["a user without a secret", '[identity]\nusername = "u"', /^c:1:1: u has neither a password nor a hash/],
  [
    "a secret without a user",
    '[identity]\npassword_file = "password"',
    /^c:2:1: there is a secret, but no username/,
  ],
  [
    "two secrets",
    `[identity]\nusername = "u"\npassword_file = "password"\nnt_hash = "${hash}"`,
    /^c:4:1: nt_hash is given beside password_file/,
  ],
  [
    "a hash for Basic",
    `[identity]\nusername = "u"\nauth = "basic"\nnt_hash = "${hash}"`,
    /^c:4:1: a hash cannot sign in by Basic/,
  ],
  ["a short hash", '[identity]\nusername = "u"\nnt_hash = "abc"', /^c:3:11: .*exactly 32 hex digits/],
  [
    "a password file that is missing",
    '[identity]\nusername = "u"\npassword_file = "nix"',
    /^c:3:1: .*nix cannot be read: it does not exist/,
  ],
  [
    "a parent's other user without a secret",
    '[[proxy.parent]]\nurl = "http://x:1"\nusername = "v"\n[identity]\nusername = "u"\npassword_file = "password"',
    /v has neither a password nor a hash/,
  ],
  [
    "a parent's other domain with a bound hash",
    `[[proxy.parent]]\nurl = "http://x:1"\ndomain = "B"\n[identity]\nusername = "u"\ndomain = "A"\nntlmv2_hash = "${hash}"`,
    /bound to its own domain/,
  ],
  [
    "a client that is there twice",
    '[[proxy.client]]\nusername = "a"\npassword_file = "password"\n[[proxy.client]]\nusername = "a"\npassword_file = "password"',
    /the client a is there twice/,
  ],
] as const)
  test(`${name} is one mistake`, () => {
    const { errors } = read(text);
    assert.equal(errors.length, 1, errors.join("\n"));
    assert.match(errors[0]!, wanted);
  });

for (const [listen, parent] of [
  ["127.0.0.1:3128", "http://127.0.0.1:3128"],
  ["127.0.0.1:3128", "http://localhost:3128"],
  ["127.0.0.1:3128", "http://[::ffff:127.0.0.1]:3128"],
  ["[::1]:3128", "http://[0:0::1]:3128"],
  ["docker0:3128", "http://172.17.0.1:3128"],
  [":3128", "http://10.9.8.7:3128"],
  ["0.0.0.0:3128", "http://127.0.0.2:3128"],
] as const)
  test(`a parent ${parent} of the listener ${listen} is a loop, said at the start`, () => {
    const { errors } = read(
      `[proxy]\ngateway = true\nallow = "*"\nlisten = "${listen}"\n[[proxy.parent]]\nurl = "${parent}"`,
    );
    assert.equal(errors.length, 1);
    assert.match(errors[0]!, /^c:6:1: .*: a loop/);
  });

test("another port or host of this machine is no loop", () => {
  for (const parent of ["http://127.0.0.1:3129", "http://10.9.8.7:3128"])
    assert.deepEqual(read(`[[proxy.parent]]\nurl = "${parent}"`).errors, []);
});

test("gateway without allow lets everybody in, with a warning; deny still comes first", () => {
  const { settings, warnings } = read('[proxy]\ngateway = true\nlisten = ":3128"\ndeny = "10.0.0.1"');
  assert.deepEqual(settings!.proxy.access, {
    rules: [{ action: "deny", who: "10.0.0.1" }],
    otherwise: "allow",
  });
  assert.match(warnings.join("\n"), /everybody who reaches a listener may use the proxy/);
  assert.match(warnings.join("\n"), /other hosts can reach \*:3128/);
});

test("an address that other hosts reach is warned about, Docker's own is not", () => {
  assert.match(read('[proxy]\nlisten = "10.9.8.7:1"').warnings.join(), /other hosts can reach 10\.9\.8\.7:1/);
  assert.match(read('[proxy]\nlisten = "eth0:1"').warnings.join(), /other hosts can reach eth0:1/);
  assert.deepEqual(
    read('[proxy]\nlisten = ["172.17.0.1:1", "docker0:2", "br-0123456789ab:3", "[::1]:4"]').warnings,
    [],
  );
});

test("a file with a password or hash that others can read is refused, with the command that mends it", () => {
  for (const key of ["password", "nt_hash", "ntlmv2_hash"])
    for (const mode of [0o640, 0o604, 0o620]) {
      const { errors } = read(`[identity]\nusername = "u"\n${key} = "${hash}"`, { mode });
      assert.equal(errors.length, 1);
      assert.match(errors[0]!, /^c:3:1: it holds .*; run: chmod 600 /);
    }
  assert.deepEqual(read(`[identity]\nusername = "u"\nnt_hash = "${hash}"`).warnings, []);
  assert.match(read('[identity]\nusername = "u"\npassword = "S3cret"').warnings.join(), /password_file/);
  assert.deepEqual(
    read('[identity]\nusername = "u"\npassword_file = "password"', { mode: 0o644 }).errors,
    [],
  );
});

test("a secret is in no message, and the settings print without it", () => {
  const { settings, warnings } = read(
    '[[proxy.parent]]\nurl = "http://x:1"\n[identity]\nusername = "u"\npassword = "S3cret"',
  );
  const shown = [JSON.stringify(settings), inspect(settings, { depth: 20 }), ...warnings].join("\n");
  assert.doesNotMatch(shown, /S3cret/);
  for (const text of [
    "password = 5\nnt_hash = 6",
    'nt_hash = "S3cret"',
    'pasword = "S3cret"',
    "password = S3cret",
    'ntlmv2_hash = "S3cret"\nnt_hash = "S3cret"',
  ])
    assert.doesNotMatch(read(`[identity]\nusername = "u"\n${text}`).errors.join("\n"), /S3cret/);
});

test("the settings are frozen all the way down, secrets still open", () => {
  const { settings } = read(
    `[[proxy.parent]]\nurl = "http://x:1"\n[identity]\nusername = "u"\nnt_hash = "${hash}"`,
  );
  const visit = (value: unknown): void => {
    if (value === null || typeof value !== "object" || value.constructor !== Object) return;
    assert.ok(Object.isFrozen(value));
    for (const inner of Object.values(value)) visit(inner);
  };
  visit(settings);
  assert.ok(Object.isFrozen(settings!.proxy.parents));
  assert.equal(settings!.proxy.parents[0]!.credential!.ntHash!.reveal().length, 16);
});

test("an identity without a parent is kept for the environment's proxy", () => {
  const { settings } = read('[identity]\nusername = "u"\npassword_file = "password"');
  assert.deepEqual(settings!.proxy.parents, []);
  assert.equal(settings!.proxy.identity!.username, "u");
});

test("a file that cannot be read is a mistake, not a crash", () => {
  for (const file of [`${folder}/missing`, folder, "/dev/zero"]) {
    const { settings, problems } = readSettings({ file, env: {}, interfaces });
    assert.equal(settings, undefined);
    assert.equal(problems.length, 1);
  }
  assert.match(
    read(Buffer.from('[identity]\nusername = "m\xfcller"\n', "latin1")).errors.join(),
    /not UTF-8|TOML is UTF-8/,
  );
});
