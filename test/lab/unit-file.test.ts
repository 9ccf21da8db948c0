import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "node:test";

const unit = "packaging/sallyport.service";

function analyze(...args: string[]) {
  const { status, stdout, stderr } = spawnSync("systemd-analyze", args, { encoding: "utf8" });
  return { status, said: `${stdout}${stderr}` };
}

test("systemd finds no mistake in the unit file", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const copy = join(folder, "sallyport.service");
  // It also looks whether the program is installed: here the one of this folder stands for it.
  const text = readFileSync(unit, "utf8").replace(
    "ExecStart=sallyport",
    `ExecStart=${resolve("bin/sallyport")}`,
  );
  writeFileSync(copy, text);
  assert.deepEqual(analyze("verify", copy), { status: 0, said: "" });
  writeFileSync(copy, text.replace("Type=notify", "Type=notfy"));
  assert.match(analyze("verify", copy).said, /notfy/);
});

test("the unit's exposure is what docs/service.md says", () => {
  const { said } = analyze("security", "--offline=true", "--no-pager", unit);
  const score = /Overall exposure level for sallyport\.service: ([\d.]+)/.exec(said)?.[1];
  assert.match(readFileSync("docs/service.md", "utf8"), new RegExp(`gives it ${score} of 10`));
});
