import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { accounts, curl, failedLogons, paths, run, squidPorts } from "./laboratory.ts";

const theirs = "/usr/sbin/cntlm";
const origin = "http://origin.corp.test/small";

/** A folder with the program under the name `cntlm`, as an administrator would link it. */
function installed(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "cntlm-"));
  const pidFile = join(folder, "run/cntlm.pid");
  t.after(() => {
    if (existsSync(pidFile)) process.kill(Number(readFileSync(pidFile, "utf8")), "SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });
  const program = join(folder, "cntlm");
  symlinkSync(join(paths.root, "bin/sallyport"), program);
  const env = { STATE_DIRECTORY: join(folder, "state") };
  return {
    folder,
    pidFile,
    program,
    env,
    cntlm: (args: readonly string[], input = "") => run(program, args, { input, env }),
  };
}

test("-H prints what cntlm 0.92 prints, byte for byte", async (t) => {
  const { cntlm, folder } = installed(t);
  const file = join(folder, "cntlm.conf");
  writeFileSync(file, "Username filed\nDomain FileDom\nPassword filepass\n", { mode: 0o600 });
  const calls: readonly [args: readonly string[], input: string][] = [
    [["-c", "/dev/null", "-H", "-u", "testuser", "-d", "corp-uk"], "password\n"],
    [["-c", "/dev/null", "-Hutestuser@corp-uk"], "password"],
    [["-c", "/dev/null", "-u", "a@b", "-d", "c", "-H"], "blanks inside \n"],
    [["-c", "/dev/null", "-d", "c", "-u", "a@b", "-H", "-f"], "a#b\"c'd\\\n"],
    [["-c", "/dev/null", "-H"], "x\n"],
    [["-c", "/dev/null", "-H", "-p", "given"], ""],
    [["-c", "/dev/null", "-H", "-p", "given"], "typed\n"],
    [["-c", file, "-H"], "typed\n"],
    [["-c", file, "-H", "-u", "other"], "typed\n"],
  ];
  for (const [args, input] of calls) {
    const wanted = await run(theirs, args, { input });
    const ours = await cntlm(args, input);
    assert.deepEqual([ours.code, ours.stdout], [wanted.code, wanted.stdout], args.join(" "));
  }
});

test("-M prints what cntlm prints when the password is right", async (t) => {
  const { cntlm } = installed(t);
  const args = ["-c", "/dev/null", "-u", "testuser", "-d", "corp", "-M", origin];
  for (const parent of [["127.0.0.1", String(squidPorts.ntlm)], [`127.0.0.1:${squidPorts.multi}`]]) {
    const input = `${accounts.testuser}\n`;
    const wanted = await run(theirs, [...args, ...parent], { input });
    const ours = await cntlm([...args, ...parent], input);
    assert.deepEqual([ours.code, ours.stdout, ours.stderr], [0, wanted.stdout, ""]);
    assert.match(ours.stdout, /^PassNTLMv2 {6}[0-9A-F]{32}$/m);
  }
});

test("-M says in cntlm's words what else it may find", async (t) => {
  const { cntlm } = installed(t);
  const look = async (port: number) => {
    const ran = await cntlm(
      ["-c", "/dev/null", "-u", "testuser", "-d", "CORP", "-M", origin, `127.0.0.1:${port}`],
      `${accounts.testuser}\n`,
    );
    return [ran.code, ran.stdout.replace("Password: \nConfig profile  1/4... ", "")];
  };
  const nothing = "\nWrong credentials, invalid URL or proxy doesn't support NTLM nor BASIC.\n";
  assert.deepEqual(await look(squidPorts.open), [
    0,
    "Auth not required (HTTP code: 200)\n\nYour proxy is open, you don't need another proxy.\n",
  ]);
  assert.deepEqual(await look(squidPorts.kerb), [1, `Proxy doesn't offer NTLM or BASIC\n${nothing}`]);
  assert.deepEqual(await look(squidPorts.basic), [1, `Proxy doesn't offer NTLM\n${nothing}`]);
  assert.deepEqual(await look(1), [1, "\nConnection to proxy failed, bailing out\n"]);
});

test("-M costs one failed logon when the password is wrong, and none the next time (cntlm: four each time)", async (t) => {
  const { cntlm } = installed(t);
  const args = ["-c", "/dev/null", "-u", "other", "-d", "CORP", "-M", origin, `127.0.0.1:${squidPorts.ntlm}`];
  const before = await failedLogons();
  const first = await cntlm(args, "not it\n");
  assert.equal(first.code, 1);
  assert.match(first.stdout, /Config profile {2}1\/4\.\.\. Credentials rejected\n\nWrong credentials/);
  assert.equal(await failedLogons(), before + 1);
  const second = await cntlm(args, "not it\n");
  assert.match(second.stderr, /not tried again/);
  assert.equal(await failedLogons(), before + 1);
});

test("Debian's init script starts, shows, restarts and stops it", async (t) => {
  assert.equal(process.getuid?.(), 0, "this test needs root");
  const { folder, pidFile, program, env } = installed(t);
  const port = await freePort();
  const [config, defaults, script] = ["cntlm.conf", "default", "init"].map((name) => join(folder, name));
  writeFileSync(
    config!,
    `Username testuser\nDomain CORP\nPassword ${accounts.testuser}\nProxy 127.0.0.1:${squidPorts.ntlm}\nListen 127.0.0.1:${port}\n`,
    { mode: 0o600 },
  );
  // What docs/cntlm.md tells an administrator to write, and Node.js where the script's PATH finds it.
  writeFileSync(
    defaults!,
    `TIMEOUT=1\nRUNAS=cntlm\nDAEMON=${program}\nPATH=$PATH:${dirname(process.execPath)}\n` +
      `PIDFILE=${pidFile}\nDAEMON_OPTS="-c ${config}"\n`,
  );
  // The script as the package has it, but for the path of its settings.
  const text = readFileSync("/etc/init.d/cntlm", "utf8").replaceAll("/etc/default/cntlm", defaults!);
  writeFileSync(script!, text, { mode: 0o755 });
  // mktemp's folder is root's alone; the service's user must reach its own inside.
  await run("chmod", ["755", folder]);
  const init = (action: string) => run(script!, [action], { env });
  const pid = () => Number(readFileSync(pidFile, "utf8"));
  const fetched = async () => (await curl("-x", `http://127.0.0.1:${port}`, origin)).status;

  assert.equal((await init("status")).code, 3);
  assert.match((await init("start")).stdout, /cntlm\.\n$/);
  assert.match((await init("status")).stdout, /cntlm is running/);
  assert.equal(await fetched(), 200);
  const first = pid();
  const user = await run("id", ["-u", "cntlm"]);
  assert.match(
    readFileSync(`/proc/${first}/status`, "utf8"),
    new RegExp(`^Uid:(\t${user.stdout.trim()}){4}$`, "m"),
  );
  assert.match(readFileSync(`/proc/${first}/status`, "utf8"), /^CapEff:\t0+$/m);
  for (const path of [env.STATE_DIRECTORY, join(env.STATE_DIRECTORY, "refused-logons.json"), pidFile])
    assert.equal(statSync(path).uid, Number(user.stdout), path);

  // A second start finds it and lets it be.
  assert.match((await init("start")).stdout, /cntlm\.\n$/);
  assert.equal(pid(), first);

  assert.match((await init("restart")).stdout, /Stopping[\s\S]*cntlm\.\n[\s\S]*cntlm\.\n$/);
  assert.notEqual(pid(), first);
  assert.equal(await fetched(), 200);

  assert.match((await init("stop")).stdout, /cntlm\.\n$/);
  // The daemon took it away itself: it was not killed.
  assert.equal(existsSync(pidFile), false);
  assert.equal((await init("status")).code, 3);
  assert.equal(await fetched(), 0);

  writeFileSync(config!, "Listen 3128\nTunnel 1:a:2\n", { mode: 0o600 });
  assert.match((await init("start")).stdout, /failed!/);
});

test("what root's own commands write of refused logons stays readable to the service's user", async (t) => {
  assert.equal(process.getuid?.(), 0, "this test needs root");
  const { cntlm, folder, env } = installed(t);
  const { stdout } = await run("id", ["-u", "nobody"]);
  mkdirSync(env.STATE_DIRECTORY, { mode: 0o700 });
  await run("chown", ["nobody", env.STATE_DIRECTORY]);
  await run("chmod", ["755", folder]);
  const ran = await cntlm(
    ["-c", "/dev/null", "-u", "testuser", "-d", "CORP", "-M", origin, `127.0.0.1:${squidPorts.ntlm}`],
    `${accounts.testuser}\n`,
  );
  assert.equal(ran.code, 0);
  const file = statSync(join(env.STATE_DIRECTORY, "refused-logons.json"));
  assert.deepEqual([file.uid, file.mode & 0o777], [Number(stdout), 0o600]);
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}
