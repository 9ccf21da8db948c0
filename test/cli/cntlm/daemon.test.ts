import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { asCntlm, freePort, goes, readPid } from "./as-cntlm.ts";

function answers(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, "127.0.0.1", () => done(true));
    socket.on("error", () => done(false)).on("connect", () => socket.destroy());
  });
}

for (const signal of ["SIGHUP", "SIGTERM"] as const)
  test(`cntlm returns when its daemon listens, and ${signal} ends that`, async (t) => {
    const { pidFile, run } = asCntlm(t);
    const port = await freePort();
    const started = await run([
      ...["-c", "/dev/null", "-l", `127.0.0.1:${port}`, "-P", pidFile],
      ...["-u", "me", "-d", "corp", "-p", "geheim", "127.0.0.1:1"],
    ]);
    assert.equal(started.code, 0, started.err);
    assert.match(started.err, /-p shows the password/);
    const pid = readPid(pidFile);
    assert.equal(await answers(port), true);
    if (existsSync("/proc/self/comm")) {
      // start-stop-daemon --name looks here; and nobody finds the password.
      assert.equal(readFileSync(`/proc/${pid}/comm`, "utf8"), "cntlm\n");
      assert.equal(readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", ""), "cntlm");
      assert.doesNotMatch(readFileSync(`/proc/${pid}/environ`, "utf8"), /geheim/);
      // Fields behind the name: state, parent, group, session. Its own session: no terminal ends it.
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
      assert.equal(Number(stat[3]), pid);
    }
    process.kill(pid, signal);
    assert.equal(await goes(pidFile), true);
    assert.equal(await answers(port), false);
  });

test("a daemon that cannot start says why, ends with 1, and leaves no pid file", async (t) => {
  const { pidFile, run } = asCntlm(t);
  const taken = createServer();
  await new Promise<void>((done) => taken.listen(0, "127.0.0.1", done));
  t.after(() => taken.close());
  const { port } = taken.address() as { port: number };
  const args = ["-c", "/dev/null", "-P", pidFile, "-u", "me", "-p", "x", "127.0.0.1:1"];
  const busy = await run(["-l", `127.0.0.1:${port}`, ...args]);
  assert.equal(busy.code, 1);
  assert.match(busy.err, new RegExp(`cntlm: Cannot listen on 127\\.0\\.0\\.1:${port}`));
  const wrong = await run(["-L", "1:a:2", ...args]);
  assert.equal(wrong.code, 1);
  assert.match(wrong.err, /-L: Tunnel/);
  assert.equal(existsSync(pidFile), false);
});

test("a pid file that cannot be written ends the start", async (t) => {
  const { folder, run } = asCntlm(t);
  const config = join(folder, "cntlm.conf");
  writeFileSync(config, `Listen 127.0.0.1:${await freePort()}\nProxy 127.0.0.1:1\n`, { mode: 0o600 });
  const ended = await run(["-c", config, "-P", join(folder, "nowhere", "pid")]);
  assert.equal(ended.code, 1);
  assert.match(ended.err, /The pid file .*nowhere\/pid cannot be written/);
});
