// Bundles the program: one small entry, and one file a command that is loaded only when it is called.
import { spawnSync } from "node:child_process";
import { rmSync, utimesSync } from "node:fs";
import { build } from "esbuild";

rmSync("dist", { recursive: true, force: true });
await build({
  entryPoints: { main: "src/cli/main.ts" },
  bundle: true,
  splitting: true,
  outdir: "dist",
  platform: "node",
  target: "node20.19",
  format: "esm",
  sourcemap: "linked",
  logLevel: "warning",
  // Some libraries inside the bundle call require() for Node's own modules.
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
  },
});
// In a process of its own: it reads the sources.
const man = spawnSync(process.execPath, ["--import", "tsx", "scripts/write-man.ts"], { stdio: "inherit" });
if (man.status !== 0) process.exit(1);
utimesSync("dist/main.js", new Date(), new Date());
