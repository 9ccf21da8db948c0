// Makes the archive for a host without npm: Node.js with the bundle, the unit, the man page, the completions and an
// installer that needs a shell only. Node.js with the bundle starts faster than a single executable, whose
// 100 MB are one file to read: so that is what is packed.
//
//   npm run package [-- linux-x64|linux-arm64]      → .cache/package/sallyport-VERSION-linux-x64.tar.gz
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

/** The official binaries, as the npm registry carries them. */
const nodeVersion = "24.21.0";
const platforms = ["linux-x64", "linux-arm64"];

const { version } = JSON.parse(readFileSync("package.json", "utf8"));
const platform = process.argv[2] ?? "linux-x64";
if (!platforms.includes(platform)) fail(`${platform} is none of ${platforms.join(", ")}`);

const name = `sallyport-${version}-${platform}`;
const out = join(".cache", "package");
const folder = join(out, name);
const node = fetchNode();
rmSync(folder, { recursive: true, force: true });

const lib = join(folder, "usr/lib/sallyport");
place(node.binary, join(lib, "node"), 0o755);
cpSync("dist", join(lib, "dist"), {
  recursive: true,
  filter: (file) => !file.endsWith(".map") && !file.includes("/man"),
});
rmSync(join(lib, "dist/man"), { recursive: true, force: true });
writeFileSync(
  join(lib, "package.json"),
  `${JSON.stringify({ name: "sallyport", version, type: "module" })}\n`,
);
place("bin/sallyport", join(lib, "bin/sallyport"), 0o755);
symlinkSync("sallyport", join(lib, "bin/cntlm"));
place("packaging/sallyport.sh", join(folder, "usr/bin/sallyport"), 0o755);
place("packaging/sallyport.service", join(folder, "usr/lib/systemd/system/sallyport.service"));
place("dist/man/sallyport.1", join(folder, "usr/share/man/man1/sallyport.1"));
for (const [shell, file] of Object.entries({
  bash: "usr/share/bash-completion/completions/sallyport",
  zsh: "usr/share/zsh/site-functions/_sallyport",
  fish: "usr/share/fish/vendor_completions.d/sallyport.fish",
}))
  write(join(folder, file), run(process.execPath, ["bin/sallyport", "completion", shell]));
for (const page of readdirSync("docs"))
  place(join("docs", page), join(folder, "usr/share/doc/sallyport", page));
place("LICENSE", join(folder, "usr/share/doc/sallyport/LICENSE"));
place(node.licence, join(folder, "usr/share/doc/sallyport/LICENSE.node"));
place("packaging/install.sh", join(folder, "install.sh"), 0o755);

const archive = join(out, `${name}.tar.gz`);
run("tar", [
  "--sort=name",
  "--owner=0",
  "--group=0",
  "--numeric-owner",
  "--mtime=2026-01-01",
  "-C",
  out,
  "-czf",
  archive,
  name,
]);
console.log(archive);

function fetchNode() {
  const home = join(".cache", `node-${nodeVersion}-${platform}`);
  const binary = join(home, "package/bin/node");
  if (!existsSync(binary)) {
    console.error(`fetching Node.js ${nodeVersion} for ${platform} …`);
    mkdirSync(home, { recursive: true });
    const packed = run("npm", [
      "pack",
      "--silent",
      "--pack-destination",
      home,
      `node-${platform}@${nodeVersion}`,
    ])
      .trim()
      .split("\n")
      .at(-1);
    run("tar", ["-xzf", join(home, packed), "-C", home, "package/bin/node", "package/LICENSE"]);
    rmSync(join(home, packed));
  }
  return { binary, licence: join(home, "package/LICENSE") };
}

function place(from, to, mode = 0o644) {
  mkdirSync(join(to, ".."), { recursive: true });
  copyFileSync(from, to);
  chmodSync(to, mode);
}

function write(to, text) {
  mkdirSync(join(to, ".."), { recursive: true });
  writeFileSync(to, text);
}

function run(command, args) {
  const result = spawnSync(command, args, { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  if (result.status !== 0) fail(`${command} ${args[0]}: ${result.stderr || result.error?.message}`);
  return result.stdout;
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
