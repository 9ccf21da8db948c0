// Makes a fresh clone ready: installs the dependencies and builds, each only when it is due.
// No dependency of its own: it runs before there are any.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
process.chdir(root);

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Sallyport needs Node.js 20.19 or newer; this is ${process.version}.`);
  process.exit(1);
}

const installed = "node_modules/.package-lock.json";
if (!existsSync(installed) || modified("package-lock.json") > modified(installed)) {
  console.error("installing the dependencies (once) …");
  // The versions and hashes are the lock file's. Not `npm ci`: it refuses a lock file that lacks the optional
  // packages of platforms other than the one it was written on. No package may run a script of its own.
  run("npm", ["install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
}

const built = "dist/main.js";
const sources = ["package.json", "package-lock.json", "scripts/build.mjs", ...walk("src")];
if (!existsSync(built) || Math.max(...sources.map(modified)) > modified(built)) {
  console.error("building …");
  run(process.execPath, ["scripts/build.mjs"]);
}

function run(command, args) {
  const result = spawnSync(command, args, { stdio: ["ignore", 2, 2] });
  if (result.status === 0) return;
  console.error(`${command} ${args[0]} failed${result.error ? `: ${result.error.message}` : ""}`);
  process.exit(1);
}

function modified(file) {
  return statSync(file).mtimeMs;
}

function walk(folder) {
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, name))
    .filter((name) => statSync(name).isFile());
}
