// Everything a change must pass, in the order of what fails fastest. `--no-tests` leaves the tests out.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const bin = (name) => `node_modules/.bin/${name}`;
const steps = [
  ["format and fast rules", bin("biome"), "ci", "--error-on-warnings", "."],
  ["types", bin("tsc"), "--noEmit"],
  ["promise rules", bin("eslint"), "--max-warnings=0", "."],
  ["folders import one way", process.execPath, "scripts/check-layers.mjs"],
  ["nothing unused", bin("knip"), "--no-progress"],
  ["docs in step with the code", process.execPath, "--import", "tsx", "scripts/write-docs.ts", "--check"],
  ["unit tests", process.execPath, "scripts/test.mjs"],
];

for (const [title, command, ...args] of steps) {
  if (title === "unit tests" && process.argv.includes("--no-tests")) continue;
  if (!existsSync(command)) fail(`${title}: ${command} is missing`);
  const started = performance.now();
  const result = spawnSync(command, args, { stdio: "inherit" });
  if (result.status !== 0) fail(title);
  console.log(`ok   ${title} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
}

function fail(title) {
  console.error(`FAILED   ${title}`);
  process.exit(1);
}
