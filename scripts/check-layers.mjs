// Holds the direction of the imports: a folder of src/ may import only what its row names (or itself).
// Also holds the size of files: 400 lines at the most, tables excepted.
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";

const mayImport = {
  core: [],
  http1: ["core"],
  wire: ["core", "http1"],
  observe: ["core", "wire"],
  routing: ["core"],
  auth: ["core"],
  config: ["core", "routing", "auth"],
  parents: ["core", "observe", "http1", "wire", "auth", "routing", "config"],
  proxy: ["core", "observe", "http1", "wire", "auth", "routing", "config", "parents"],
  demo: ["core", "observe", "http1", "wire", "auth", "routing", "config", "parents", "proxy"],
  cli: "all",
};
const longTables = new Set([]);
const largest = 400;

const faults = [];
for (const name of readdirSync("src", { recursive: true })) {
  if (!name.endsWith(".ts")) continue;
  const file = join("src", name);
  const text = readFileSync(file, "utf8");
  const lines = text.split("\n").length - 1;
  if (lines > largest && !longTables.has(file)) faults.push(`${file}: ${lines} lines, more than ${largest}`);
  const folder = name.split("/")[0];
  const allowed = mayImport[folder];
  if (allowed === undefined)
    faults.push(`${file}: the folder ${folder} has no row in scripts/check-layers.mjs`);
  if (allowed === undefined || allowed === "all") continue;
  for (const [, specifier] of text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)) {
    const target = relative("src", resolve(file, "..", specifier)).split("/")[0];
    if (target === ".." || target === folder || allowed.includes(target)) continue;
    faults.push(`${file}: ${folder}/ may not import ${target}/ (${specifier})`);
  }
}
for (const fault of faults) console.error(fault);
process.exit(faults.length > 0 ? 1 : 0);
