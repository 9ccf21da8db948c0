import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import vector from "../../vectors/cntlm-hashes.json" with { type: "json" };
import { asCntlm } from "./as-cntlm.ts";

test("-h prints the usage on standard output; a wrong option prints it on standard error", async (t) => {
  const { run } = asCntlm(t);
  const help = await run(["-h"]);
  assert.deepEqual([help.code, help.err], [0, ""]);
  assert.match(help.out, /^Usage: \S*cntlm \[-/m);
  for (const args of [["-z"], ["-l"], ["--listen", "x"]]) {
    const wrong = await run(args);
    assert.deepEqual([wrong.code, wrong.out], [1, ""]);
    assert.match(wrong.err, /^Usage: /m);
    assert.doesNotMatch(wrong.err, / at .*:\d/);
  }
});

test("-H prints cntlm's lines, the question included, for what is piped in", async (t) => {
  const { folder, run } = asCntlm(t);
  const lines = (encoding: "0.92" | "0.94") => {
    const { passLm, passNt, passNtlmv2 } = vector[encoding];
    return (
      `Password: \nPassLM          ${passLm}\nPassNT          ${passNt}\n` +
      `PassNTLMv2      ${passNtlmv2}    # Only for user 'testuser', domain 'corp-uk'\n`
    );
  };
  const ended = await run(["-c", "/dev/null", "-Hu", "testuser", "-d", "corp-uk"], "password\n");
  assert.deepEqual([ended.code, ended.out, ended.err], [0, lines("0.92"), ""]);

  // Without input -p counts, as in cntlm.
  const given = await run(["-c", "/dev/null", "-H", "-u", "testuser@corp-uk", "-p", "password"]);
  assert.equal(given.out, lines("0.92"));

  // Names and encoding come from the file; that it would not start does not matter.
  const file = join(folder, "cntlm.conf");
  writeFileSync(file, "# sallyport: hashes = 0.94\nUsername testuser\nDomain corp-uk\nTunnel 1:a:2\n");
  assert.equal((await run(["-c", file, "-H"], "password\n")).out, lines("0.94"));
});

for (const [what, args, input, message] of [
  ["no password", ["-H"], "", /No password was given/],
  ["a file that is not there", ["-H", "-c", "/nonexistent"], "x\n", /no such file/],
  ["-M with a URL that is none", ["-M", "origin"], "x\n", /origin/],
  ["-M without a parent", ["-M", "http://a/", "-u", "me"], "x\n", /no parent proxy is named/],
  ["-I without a password", ["-I", "-f", "-u", "me", "-l", "1", "a:1"], "", /neither a password nor a hash/],
] as const)
  test(`cntlm with ${what} ends with 1 and a sentence`, async (t) => {
    const { run } = asCntlm(t);
    const ended = await run(["-c", "/dev/null", ...args], input);
    assert.equal(ended.code, 1);
    assert.match(ended.err, message);
    assert.doesNotMatch(ended.err, /^ +at /m);
  });
