import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, watch, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { type TestContext, test } from "node:test";
import { Events } from "../../src/observe/events.ts";
import type { Log } from "../../src/observe/log.ts";
import { notifySystemd, watchdogInterval } from "../../src/observe/systemd.ts";
import { notifyProgram } from "../../src/observe/systemd-notify.ts";

const pid = `--pid=${process.pid}`;

/** A `systemd-notify` of our own, first in PATH: writes its arguments, one call a line, and its environment's names. */
function fake(t: TestContext, then = "exit 0") {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const calls = join(folder, "calls");
  const program = join(folder, "systemd-notify");
  const script = [
    "#!/bin/sh",
    `(IFS='|'; printf '%s\\n' "$*") >> '${calls}'`,
    `env | cut -d= -f1 | sort | tr '\\n' ' ' > '${folder}/env'`,
    then,
  ];
  writeFileSync(program, `${script.join("\n")}\n`);
  chmodSync(program, 0o755);
  const env = {
    NOTIFY_SOCKET: "/run/systemd/notify",
    PATH: `${folder}${delimiter}${process.env.PATH}`,
    HTTP_PROXY: "http://bob:hunter2@proxy",
  };
  const read = () =>
    existsSync(calls)
      ? readFileSync(calls, "utf8")
          .trimEnd()
          .split("\n")
          .map((line) => line.split("|"))
      : [];
  return { folder, env, read };
}

function warnings() {
  const said: string[] = [];
  const none = () => {};
  const warn: Log["warn"] = (message, fields) => void said.push(`${message}: ${String(fields?.reason)}`);
  const log: Log = { debug: none, info: none, error: none, warn, enabled: () => true, setLevel: none };
  return { log, said };
}

test("systemd is told about readiness, reloads, a latched credential and the end, in order", async (t) => {
  const { folder, env, read } = fake(t);
  const { log, said } = warnings();
  const events = new Events();
  const systemd = notifySystemd(events, log, env);
  events.emit("ready", { addresses: ["127.0.0.1:3128", "172.17.0.1:3128"] });
  events.emit("reloading", { file: "f" });
  events.emit("reloaded", { file: "f" });
  events.emit("reloading", { file: "f" });
  events.emit("reload-failed", { file: "f", message: "2 mistakes" });
  events.emit("latched", { identity: "CORP\\bob", reason: "refused" });
  systemd.status("one\nMAINPID=1 http://bob:hunter2@proxy");
  events.emit("stopping", { signal: "SIGTERM", open: 3 });
  await systemd.end();
  events.emit("ready", { addresses: [] });
  await systemd.end();

  const calls = read();
  const monotonic = calls[1]!.splice(2, 1)[0]!;
  calls[3]!.splice(2, 1);
  const now = Number(process.hrtime.bigint() / 1000n);
  const told = Number(/^MONOTONIC_USEC=(\d+)$/.exec(monotonic)?.[1]);
  assert.ok(told <= now && told > now - 60e6, monotonic);
  assert.deepEqual(calls, [
    [pid, "READY=1", "STATUS=listening on 127.0.0.1:3128, 172.17.0.1:3128"],
    [pid, "RELOADING=1", "STATUS=reloading"],
    [pid, "READY=1", "STATUS=reloaded"],
    [pid, "RELOADING=1", "STATUS=reloading"],
    [pid, "READY=1", "STATUS=reload failed: 2 mistakes"],
    [pid, "STATUS=the credential of CORP\\bob was refused: no further logon is tried"],
    [pid, "STATUS=one\\x0aMAINPID=1 http://bob:***@proxy"],
    [pid, "STOPPING=1", "STATUS=stopping, 3 connections open"],
  ]);
  assert.deepEqual(said, []);
  // A shell adds some of its own; the proxy's variables must not be there.
  assert.doesNotMatch(readFileSync(join(folder, "env"), "utf8"), /PROXY/);
});

test("without NOTIFY_SOCKET nothing is run", async (t) => {
  const { env, read } = fake(t);
  const events = new Events();
  const systemd = notifySystemd(events, warnings().log, { PATH: env.PATH, WATCHDOG_USEC: "1000" });
  assert.equal(events.has("ready"), false);
  events.emit("ready", { addresses: [] });
  systemd.status("x");
  await systemd.end();
  assert.deepEqual(read(), []);
});

test("the watchdog is fed from the event loop at half its time", async (t) => {
  const { folder, env, read } = fake(t);
  const watcher = watch(folder);
  const systemd = notifySystemd(new Events(), warnings().log, { ...env, WATCHDOG_USEC: "40000" });
  // The interval does not keep a process alive: here the watcher does, in the proxy its listeners.
  await new Promise<void>((resolve) => watcher.on("change", () => read().length >= 3 && resolve()));
  await systemd.end();
  watcher.close();
  assert.deepEqual(read()[0], [pid, "WATCHDOG=1"]);
});

test("the watchdog's interval follows WATCHDOG_USEC and WATCHDOG_PID", () => {
  assert.equal(watchdogInterval({ WATCHDOG_USEC: "60000000" }), 30_000);
  assert.equal(watchdogInterval({ WATCHDOG_USEC: "60000000", WATCHDOG_PID: "7" }, 7), 30_000);
  assert.equal(watchdogInterval({ WATCHDOG_USEC: "60000000", WATCHDOG_PID: "8" }, 7), undefined);
  for (const none of [undefined, "", "0", "-1", "soon"])
    assert.equal(watchdogInterval({ WATCHDOG_USEC: none }), undefined);
  assert.equal(watchdogInterval({ WATCHDOG_USEC: "1" }), 1);
  assert.equal(watchdogInterval({ WATCHDOG_USEC: "18446744073709551615" }), 2 ** 31 - 1);
});

test("failures are a warning, once, and harm nothing", async (t) => {
  const { env, read } = fake(t, "echo 'no such socket' >&2; exit 1");
  const { log, said } = warnings();
  const systemd = notifySystemd(new Events(), log, env);
  systemd.status("a");
  systemd.status("b");
  await systemd.end();
  assert.equal(read().length, 2);
  assert.deepEqual(said, ["systemd cannot be told how the service is: systemd-notify: no such socket"]);
});

test("a host without systemd-notify is told so, once", async () => {
  const { log, said } = warnings();
  const systemd = notifySystemd(new Events(), log, { NOTIFY_SOCKET: "/x", PATH: "/nonexistent" });
  systemd.status("a");
  systemd.status("b");
  await systemd.end();
  assert.equal(said.length, 1);
  assert.match(said[0]!, /ENOENT/);
});

test("a call that hangs is ended, and the ones behind it still go out", async (t) => {
  const { env, read } = fake(t, 'case "$*" in *hang*) exec sleep 600;; esac');
  const said: string[] = [];
  const program = notifyProgram(env, (reason) => said.push(reason), 300);
  program.send(["STATUS=hang"]);
  program.send(["WATCHDOG=1"], "skip");
  program.send(["STATUS=after"]);
  await program.drained();
  assert.deepEqual(read(), [
    [pid, "STATUS=hang"],
    [pid, "STATUS=after"],
  ]);
  assert.deepEqual(said, ["systemd-notify: no answer within 0.3 s"]);
});
