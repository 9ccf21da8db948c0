import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { commands } from "../../src/cli/commands.ts";
import { bashCompletion } from "../../src/cli/completion/bash.ts";
import { fishCompletion } from "../../src/cli/completion/fish.ts";
import { zshCompletion } from "../../src/cli/completion/zsh.ts";
import { manPage } from "../../src/cli/man-page.ts";
import { optionNames } from "../../src/cli/option-names.ts";

const has = (program: string) => spawnSync(program, ["--version"]).error === undefined;

const cases: readonly [line: readonly string[], wanted: RegExp][] = [
  [["sallyport", ""], /^proxy .*hash.* help .*--version/],
  [["sallyport", "has"], /^hash$/],
  [["sallyport", "help", "has"], /^hash$/],
  [["sallyport", "--debug", "has"], /^hash$/],
  [["sallyport", "proxy", "--log-le"], /^--log-level$/],
  [["sallyport", "proxy", "--log-level", ""], /^debug info warn error$/],
  [["sallyport", "proxy", "--log-level", "=", "e"], /^error$/],
  [["sallyport", "proxy", "--listen", ""], /^$/],
  [["sallyport", "proxy", "-c", "package.j"], /^package\.json$/],
  [["sallyport", "proxy", "--state-directory", "scr"], /^scripts$/],
  [["sallyport", "hash", "--cntlm", ""], /^0\.92 0\.94$/],
  [["sallyport", "hash", "--cntlm", "--dom"], /^--domain$/],
  [["sallyport", "completion", ""], /^bash zsh fish$/],
  [["sallyport", "completion", "bash", ""], /^$/],
];
for (const [line, wanted] of cases)
  test(`bash completes ${JSON.stringify(line.join(" "))}`, { skip: !has("bash") }, () => {
    const words = line.map((word) => `'${word}'`).join(" ");
    const script = `${bashCompletion(commands)}\nCOMP_WORDS=(${words}); COMP_CWORD=${line.length - 1}; _sallyport; echo "\${COMPREPLY[*]}"`;
    const { stdout, stderr } = spawnSync("bash", ["-c", script], { encoding: "utf8" });
    assert.equal(stderr, "");
    assert.match(stdout.trimEnd(), wanted);
  });

for (const [shell, script] of [
  ["bash", bashCompletion(commands)],
  ["zsh", zshCompletion(commands)],
  ["fish", fishCompletion(commands)],
] as const) {
  test(`the script for ${shell} names every command and option`, () => {
    for (const command of commands) {
      assert.ok(script.includes(command.name));
      for (const option of command.options) {
        const { long } = optionNames(option);
        assert.ok(
          script.includes(shell === "fish" ? ` -l ${long.slice(2)} ` : long),
          `${command.name} ${long}`,
        );
      }
    }
  });
  test(`${shell} finds no mistake in its script`, { skip: !has(shell) }, () => {
    const { status, stderr } = spawnSync(shell, ["-n"], { input: script, encoding: "utf8" });
    assert.deepEqual([status, stderr], [0, ""]);
  });
}

const page = manPage(commands, { version: "1.2.3", date: "2026-01-02" });

test("the man page has every command and option, and only ASCII", () => {
  for (const command of commands) {
    assert.ok(page.includes(`.SS sallyport ${command.name}`));
    for (const option of command.options)
      assert.ok(page.includes(optionNames(option).long.replaceAll("-", "\\-")));
  }
  assert.doesNotMatch(page, /[^\x0a\x20-\x7e]/);
});

test("groff finds no mistake in the man page", { skip: !has("groff") }, () => {
  const { status, stderr, stdout } = spawnSync("groff", ["-ww", "-man", "-Tascii"], {
    input: page,
    encoding: "utf8",
  });
  assert.deepEqual([status, stderr], [0, ""]);
  assert.match(stdout, /Exit|EXIT/);
});
