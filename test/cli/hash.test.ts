import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import vector from "../vectors/cntlm-hashes.json" with { type: "json" };

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** `sallyport hash` as a program of its own, since it reads standard input. */
function hash(args: readonly string[], input: string | Uint8Array = "password\n"): Promise<Ended> {
  const child = spawn(process.execPath, ["--import", "tsx", "src/cli/main.ts", "hash", ...args]);
  let [out, err] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
  });
  // The program may end without having read its input.
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  return new Promise((done, fail) => {
    child.once("error", fail).once("close", (code) => done({ code, out, err }));
  });
}

let folder = "";
before(() => {
  folder = mkdtempSync(join(tmpdir(), "hash-"));
});
after(() => rmSync(folder, { recursive: true }));

const ntLine = 'nt_hash = "8846f7eaee8fb117ad06bdd830b7586c"\n';

test("hash prints the NT hash of the first line of standard input, and no prompt", async () => {
  const ended = await hash([], "password\r\nsecond line\n");
  assert.deepEqual([ended.code, ended.out], [0, ntLine]);
  assert.doesNotMatch(ended.err, /Password:/);
});

test("hash with user and domain also prints the hash that is bound to them", async () => {
  const { out } = await hash(["--username", "User", "--domain", "Domain"], "Password");
  assert.equal(
    out,
    'nt_hash = "a4f49c406510bdcab6824ee7c30fd852"\n' +
      'ntlmv2_hash = "0c868a403bfd7a93a3001ef22ef02e3f"  # only for user "User", domain "Domain"\n',
  );
});

for (const [option, encoding] of [
  ["--cntlm", "0.92"],
  ["--cntlm=0.92", "0.92"],
  ["--cntlm=0.94", "0.94"],
] as const)
  test(`hash ${option} prints cntlm's three lines of ${encoding}`, async () => {
    const { code, out } = await hash([option, "--username", "testuser", "--domain", "corp-uk"]);
    const { passLm, passNt, passNtlmv2 } = vector[encoding];
    assert.equal(
      out,
      `PassLM          ${passLm}\nPassNT          ${passNt}\n` +
        `PassNTLMv2      ${passNtlmv2}    # Only for user 'testuser', domain 'corp-uk'\n`,
    );
    assert.equal(code, 0);
  });

test("hash reads a password file that only its owner can read, and refuses another with the mend", async () => {
  const path = join(folder, "password");
  writeFileSync(path, "password\n", { mode: 0o600 });
  assert.deepEqual((await hash(["--password-file", path])).out, ntLine);
  chmodSync(path, 0o640);
  const refused = await hash(["--password-file", path]);
  assert.deepEqual([refused.code, refused.out], [1, ""]);
  assert.match(refused.err, /chmod 600/);
});

const misuses: readonly [string, readonly string[], string | Uint8Array, RegExp][] = [
  ["an empty password", [], "\n", /No password was given/],
  ["no input at all", [], "", /No password was given/],
  ["a password that is not UTF-8", [], Buffer.from([0xe4, 0x0a]), /not UTF-8/],
  ["an endless line", [], "x".repeat(200_000), /longer than 64 KiB/],
  ["another version of cntlm", ["--cntlm=0.93"], "x", /0\.92, 0\.94/],
  ["a line break in the user's name", ["--username", "a\nb"], "x", /control character/],
  ["a password as argument", ["Hunter2"], "x", /too many arguments/],
];
for (const [what, args, input, message] of misuses)
  test(`hash with ${what} ends with 2 and a sentence`, async () => {
    const { code, out, err } = await hash(args, input);
    assert.deepEqual([code, out], [2, ""]);
    assert.match(err, message);
    assert.doesNotMatch(err, /Hunter2| at /);
  });
