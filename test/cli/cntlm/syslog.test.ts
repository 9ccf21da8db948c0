import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openSystemLog, withPriority } from "../../../src/cli/cntlm/syslog.ts";
import { goes } from "./as-cntlm.ts";

test("a line gets the severity of its level, facility daemon", () => {
  const table = { error: 27, warn: 28, info: 30, debug: 31, strange: 30 };
  for (const [level, number] of Object.entries(table))
    assert.equal(
      withPriority(`{"level":"${level}","msg":"x"}\n`),
      `<${number}>{"level":"${level}","msg":"x"}\n`,
    );
  assert.equal(withPriority("plain\n"), "<30>plain\n");
});

test("lines reach the logger in order, and it ends with the log", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "syslog-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const [seen, running] = [join(folder, "seen"), join(folder, "running")];
  const log = openSystemLog(undefined, {
    program: "sh",
    arguments: ["-c", `touch "$2"; cat >> "$1"; rm "$2"`, "sh", seen, running],
    available: () => true,
  });
  for (const number of [1, 2, 3]) log.write(`{"level":"info","msg":"${number}"}\n`);
  log.end();
  await new Promise((done) => log.once("finish", done));
  assert.equal(await until(() => readFileSync(seen, "utf8").split("\n").length === 4), true);
  assert.match(readFileSync(seen, "utf8"), /^<30>.*"1".*\n<30>.*"2".*\n<30>.*"3".*\n$/);
  assert.equal(await goes(running), true);
});

test("without a system log, or with a logger that ends at once, the program goes on", async () => {
  for (const target of [
    { program: "/nonexistent", arguments: [], available: () => false },
    { program: "/nonexistent", arguments: [], available: () => true },
    { program: "false", arguments: [], available: () => true },
  ]) {
    const log = openSystemLog(undefined, target);
    for (let number = 0; number < 1000; number++) log.write(`{"level":"info","msg":"${"x".repeat(1000)}"}\n`);
    log.end();
    await new Promise((done) => log.once("finish", done));
  }
});

async function until(condition: () => boolean): Promise<boolean> {
  for (const end = performance.now() + 5000; performance.now() < end; ) {
    try {
      if (condition()) return true;
    } catch {
      // Not there yet.
    }
    await new Promise((done) => setTimeout(done, 10));
  }
  return false;
}
