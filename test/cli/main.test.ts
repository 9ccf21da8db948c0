import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";

for (const [args, code] of [
  [["--help"], 0],
  [["proxy", "--help"], 0],
  [["completion", "bash"], 0],
  [["nonsense"], 2],
] as const)
  test(`sallyport ${args.join(" ")} outlives readers that have gone`, async () => {
    const child = spawn(process.execPath, ["--import", "tsx", "src/cli/main.ts", ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    // Closed before anything is written.
    child.stdout.destroy();
    let said = "";
    if (code === 0) child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
    else child.stderr.destroy();
    const ended = await new Promise((done, fail) => child.once("error", fail).once("close", done));
    assert.deepEqual([ended, said], [code, ""]);
  });
