import assert from "node:assert/strict";
import { resolve } from "node:path";
import { test } from "node:test";
import { inspect } from "node:util";
import { readCommandLine } from "../../../src/cli/cntlm/command-line.ts";
import { usage } from "../../../src/cli/cntlm/usage.ts";
import { readSettings } from "../../../src/config/load.ts";
import { problemText } from "../../../src/config/problem.ts";
import { listenText } from "../../../src/config/values/listen.ts";
import { parentText } from "../../../src/config/values/parent-url.ts";
import { interfaces, write } from "../../config/files.ts";

const lines = (...args: string[]) => readCommandLine(args).lines.map((one) => `${one.keyword} ${one.value}`);

const table: readonly [args: string, wanted: readonly string[]][] = [
  ["-u me", ["Username me"]],
  ["-u me@corp", ["Username me", "Domain corp"]],
  ["-u me@corp -d other", ["Username me", "Domain other"]],
  ["-d other -u me@corp", ["Domain corp", "Username me"]],
  ["-u me -u you", ["Username you"]],
  ["-w ws -a ntlmv2", ["Workstation ws", "Auth ntlmv2"]],
  ["-l 3128 -l 0.0.0.0:3129", ["Listen 3128", "Listen 0.0.0.0:3129"]],
  ["-A 10.0.0.0/8 -D 0/0", ["Allow 10.0.0.0/8", "Deny 0/0"]],
  ["-N *.a,*.b -N c", ["NoProxy *.a,*.b", "NoProxy c"]],
  ["a:1 b 2 [::1]:3", ["Proxy a:1", "Proxy b:2", "Proxy [::1]:3"]],
  ["-g -B", ["Gateway yes", "NTLMToBasic yes"]],
  [
    "-L 1:a:2 -O 3 -R u:p -r A:b -F 1 -x f -S 1 -G x -X s",
    [
      ...["Flags 1", "ISAScannerSize 1", "ISAScannerAgent x", "SSPI s"],
      ...["Tunnel 1:a:2", "SOCKS5Proxy 3", "SOCKS5Users u:p", "Header A:b", "Pac f"],
    ],
  ],
];
for (const [args, wanted] of table)
  test(`cntlm ${args} says the same as lines of the file`, () => {
    assert.deepEqual(lines(...args.split(" ")).sort(), [...wanted].sort());
  });

test("what is not about the configuration is read too", () => {
  const line = readCommandLine(["-vIqsc", "a.conf", "-Ucntlm", "-P", "run/pid", "-ppass", "-Tt"]);
  assert.deepEqual(
    [line.task, line.file, line.runAs, line.pidFile, line.foreground, line.verbose, line.askPassword],
    ["serve", resolve("a.conf"), "cntlm", resolve("run/pid"), true, true, true],
  );
  assert.equal(line.password?.reveal(), "pass");
  assert.match(line.warnings.join("\n"), /-p shows the password[\s\S]*-T is without effect/);
  assert.doesNotMatch(inspect(line), /"pass"|'pass'/);
  assert.equal(readCommandLine(["-c", "/dev/null"]).file, "none");
  assert.deepEqual(
    ["-h", "-H", "-Mhttp://a/"].map((one) => readCommandLine([one]).task),
    ["help", "hash", "detect"],
  );
});

test("an option behind a parent proxy is a mistake, as it would be a host name to cntlm", () => {
  assert.throws(() => readCommandLine(["host:1", "-f"]), /-f stands after a parent proxy/);
});

test("the usage names every letter that getopt takes", () => {
  const text = usage("cntlm");
  for (const letter of "AaBcDdFfGgHhILlMNOPpqRrSsTUuvwXx")
    assert.match(text, new RegExp(`\n\t-${letter}\\b`));
});

/** The settings of a file under a command line. */
function read(text: string | undefined, ...args: string[]) {
  const { lines, password } = readCommandLine(args);
  const found = readSettings({
    file: text === undefined ? undefined : write("cntlm.conf", text),
    cntlm: { lines, password },
    env: {},
    interfaces,
  });
  const problems = found.problems.map(problemText).join("\n");
  return { ...found, problems };
}
const file =
  "Username filer\nDomain filedom\nPassword filepass\nProxy 10.0.0.41:8080\nListen 3128\nNoProxy a\nDeny 1.2.3.4\n";

test("the command line stands over the file: single values beat it, lists go ahead, rules take its rules' place", () => {
  const { settings, problems } = read(
    file,
    ...["-u", "me@corp", "-p", "pw", "-l", "3129", "-N", "b", "-A", "127.0.0.1", "10.0.0.42", "8080"],
  );
  assert.equal(problems, "");
  const { proxy } = settings!;
  assert.deepEqual(proxy.parents.map(parentText), ["10.0.0.42:8080", "10.0.0.41:8080"]);
  const { username, domain, password } = proxy.parents[0]!.credential!;
  assert.deepEqual([username, domain, password?.reveal()], ["me", "CORP", "pw"]);
  assert.deepEqual(proxy.listen.map(listenText), [
    "127.0.0.1:3129",
    "[::1]:3129",
    "127.0.0.1:3128",
    "[::1]:3128",
  ]);
  assert.equal(proxy.noProxy.text, "b,a");
  assert.deepEqual(
    proxy.access.rules.map((one) => `${one.action} ${one.who}`),
    ["allow 127.0.0.1", "allow ::1"],
  );
});

test("no file is needed, and none is read that was not asked for", () => {
  const { settings, problems } = read(undefined, "-u", "me", "-p", "pw", "-l", "3129", "10.0.0.42:8080");
  assert.equal(problems, "");
  assert.deepEqual([settings!.file, settings!.proxy.parents.length], [undefined, 1]);
});

test("-g opens the ports after it and those of the file, not the one before it", () => {
  const { settings } = read(file, "-l", "3129", "-g", "-l", "3130", "-p", "pw");
  assert.deepEqual(settings!.proxy.listen.map(listenText), [
    "127.0.0.1:3129",
    "[::1]:3129",
    "*:3130",
    "*:3128",
  ]);
});

const mistakes: readonly [what: string, args: readonly string[], message: RegExp][] = [
  ["a tunnel", ["-L", "1:a:2"], /^-L: Tunnel: .* later version; take the option out/m],
  ["SOCKS5", ["-O", "1080"], /^-O: SOCKS5Proxy: .* later version/m],
  ["SOCKS5 accounts, without showing them", ["-R", "u:geheim"], /^-R: SOCKS5Users: (?!.*geheim)/m],
  ["a header, without showing it", ["-r", "X: geheim"], /^-r: Header: (?!.*geheim)/m],
  ["flags", ["-F", "0x1"], /^-F: Flags: /m],
  ["a PAC file", ["-x", "f"], /^-x: Pac: /m],
  ["NTLM-to-basic", ["-B"], /^-B: NTLMToBasic comes in a later version/m],
  ["another dialect", ["-a", "lm"], /^-a: Auth lm comes in a later version/m],
  ["ISA's scanner", ["-S", "5"], /^-S: ISAScannerSize is not supported; the virus scanner/m],
  ["ISA's scanner by agent", ["-G", "x"], /^-G: ISAScannerAgent is not supported/m],
  ["SSPI", ["-X", "ntlm"], /^-X: SSPI is not supported; it signs in with the account of a Windows session/m],
  ["a port that is none", ["-l", "x"], /^-l: "x" is not an address/m],
  ["a parent without a port", ["host"], /^the command line: "host" is not the URL of a parent/m],
  ["another user with the file's password", ["-u", "me"], /^-u: it names another account .* add -I/m],
];
for (const [what, args, message] of mistakes)
  test(`cntlm ${args.join(" ")} is refused: ${what}`, () => {
    const found = read(file, ...args);
    assert.equal(found.settings, undefined);
    assert.match(found.problems, message);
  });

test("without a parent proxy or a port cntlm does not start", () => {
  const { settings, problems } = read(undefined);
  assert.equal(settings, undefined);
  assert.match(problems, /no parent proxy is named[\s\S]*no Listen/);
});
