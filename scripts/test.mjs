// Runs the tests that need nothing but Node.js. Arguments: names of test files or folders, else all of them.
// The laboratory's tests (test/lab) are run by test-lab.mjs.
import { spawnSync } from "node:child_process";
import { unitTests } from "./test-files.mjs";

const named = process.argv.slice(2);
const files =
  named.length > 0
    ? named.flatMap((name) =>
        unitTests()
          .filter((file) => file === name || file.startsWith(`${name.replace(/\/$/, "")}/`))
          .concat(name.startsWith("test/lab/") ? [name] : []),
      )
    : unitTests();
if (files.length === 0) {
  console.error(`No test file is named ${named.join(", ")}.`);
  process.exit(1);
}
const result = spawnSync(process.execPath, ["--import", "tsx", "--test", "--test-timeout=120000", ...files], {
  stdio: "inherit",
  env: { ...process.env, NODE_ENV: "test" },
});
process.exit(result.status ?? 1);
