// Runs the unit tests on the other versions of Node.js that are supported. Each is an npm package with the official
// binary in it, in an exact version, kept in .cache/. Arguments: names of test files, else all of them.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { unitTests } from "./test-files.mjs";

const versions = ["22.23.3", "24.21.0"];
const files = process.argv.length > 2 ? process.argv.slice(2) : unitTests();

const failed = [];
for (const version of versions) {
  const node = install(version);
  console.log(`# Node.js ${version}`);
  const result = spawnSync(node, ["--import", "tsx", "--test", "--test-timeout=120000", ...files], {
    stdio: "inherit",
    env: { ...process.env, NODE_ENV: "test" },
  });
  if (result.status !== 0) failed.push(version);
}
if (failed.length > 0) stop(`The tests fail on Node.js ${failed.join(" and ")}.`);

function install(version) {
  // Packages for Linux and macOS; elsewhere npm has none of these.
  const name = `node-${process.platform}-${process.arch}`;
  const folder = join(".cache", `node-${version.split(".")[0]}`);
  const node = join(folder, "node_modules", name, "bin", "node");
  if (versionOf(node) === version) return node;
  mkdirSync(folder, { recursive: true });
  console.error(`installing Node.js ${version} into ${folder} …`);
  const options = ["--ignore-scripts", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"];
  const result = spawnSync("npm", ["install", ...options, "--prefix", folder, `${name}@${version}`], {
    stdio: ["ignore", 2, 2],
  });
  if (result.status !== 0 || versionOf(node) !== version)
    stop(`Node.js ${version} cannot be installed from the npm package ${name}: is the registry reachable?`);
  return node;
}

function versionOf(node) {
  if (!existsSync(node)) return undefined;
  return spawnSync(node, ["--version"], { encoding: "utf8" }).stdout?.trim().slice(1);
}

function stop(sentence) {
  console.error(sentence);
  process.exit(1);
}
