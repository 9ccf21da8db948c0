import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type TestContext, test } from "node:test";
import { Events } from "../../src/observe/events.ts";
import { notifySystemd } from "../../src/observe/systemd.ts";

/**
 * Receives as systemd does: prints each message as a line of JSON with the sender's process, and lets go of the
 * descriptors that come along (BARRIER=1), which is what the real program waits for.
 */
const listener = `
import array, json, os, socket, struct, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
s.bind(sys.argv[1])
print(json.dumps({"bound": True}), flush=True)
while True:
    data, control, flags, _ = s.recvmsg(65536, socket.CMSG_SPACE(64) + socket.CMSG_SPACE(12))
    sender = None
    for level, kind, value in control:
        if kind == socket.SCM_RIGHTS:
            fds = array.array("i"); fds.frombytes(value)
            for fd in fds: os.close(fd)
        if kind == socket.SCM_CREDENTIALS:
            sender = struct.unpack("3i", value[:12])[0]
    print(json.dumps({"text": data.decode(), "sender": sender}), flush=True)
`;

interface Message {
  bound?: true;
  text: string;
  sender: number;
}

async function listen(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-"));
  // Another user sends to it, as the service's does.
  chmodSync(folder, 0o755);
  const path = join(folder, "notify");
  const child: ChildProcess = spawn("python3", ["-c", listener, path], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const next = async (): Promise<Message> => JSON.parse((await lines.next()).value ?? "null");
  /** The next message that is not the barrier by which systemd-notify waits. */
  const message = async (): Promise<Message> => {
    const one = await next();
    return one.text === "BARRIER=1" ? message() : one;
  };
  t.after(async () => {
    child.kill();
    await lines.return?.();
    rmSync(folder, { recursive: true });
  });
  assert.equal((await next()).bound, true);
  chmodSync(path, 0o777);
  return { folder, env: { ...process.env, NOTIFY_SOCKET: path, WATCHDOG_USEC: "500000" }, message };
}

function start(env: NodeJS.ProcessEnv) {
  const none = () => {};
  const failures: unknown[] = [];
  const warn = (...said: unknown[]) => void failures.push(said);
  const events = new Events();
  const log = { debug: none, info: none, error: none, warn, enabled: () => true, setLevel: none };
  return { events, failures, systemd: notifySystemd(events, log, env) };
}

test("the real systemd-notify brings every message to systemd's socket", async (t) => {
  assert.equal(spawnSync("systemd-notify", ["--version"]).status, 0, "systemd-notify is not installed");
  const { env, message } = await listen(t);
  const { events, failures, systemd } = start(env);

  events.emit("ready", { addresses: ["127.0.0.1:3128"] });
  const ready = await message();
  assert.deepEqual(ready.text.split("\n").sort(), [
    `MAINPID=${process.pid}`,
    "READY=1",
    "STATUS=listening on 127.0.0.1:3128",
  ]);

  events.emit("reloading", { file: undefined });
  assert.match((await message()).text, /RELOADING=1\nMONOTONIC_USEC=\d+\nSTATUS=reloading/);
  events.emit("reloaded", { file: undefined });
  assert.match((await message()).text, /READY=1/);
  assert.match((await message()).text, /WATCHDOG=1/);
  assert.match((await message()).text, /WATCHDOG=1/);
  events.emit("stopping", { signal: "SIGTERM", open: 0 });
  await systemd.end();
  let last = await message();
  while (/WATCHDOG=1/.test(last.text)) last = await message();
  assert.match(last.text, /STOPPING=1/);
  assert.deepEqual(failures, []);
});

test("without root's rights the message comes from a child, and names the main process: hence NotifyAccess=all", async (t) => {
  const { folder, env, message } = await listen(t);
  const wrapper = join(folder, "systemd-notify");
  const real = spawnSync("sh", ["-c", "command -v systemd-notify"], { encoding: "utf8" }).stdout.trim();
  const asNobody = `exec setpriv --reuid=65534 --regid=65534 --clear-groups '${real}' "$@"`;
  writeFileSync(wrapper, `#!/bin/sh\n${asNobody}\n`, { mode: 0o755 });
  const { events, failures, systemd } = start({
    ...env,
    PATH: `${folder}:${process.env.PATH}`,
    WATCHDOG_USEC: undefined,
  });
  events.emit("ready", { addresses: [] });
  const ready = await message();
  await systemd.end();
  assert.deepEqual(failures, []);
  assert.match(ready.text, new RegExp(`MAINPID=${process.pid}\n`));
  assert.notEqual(ready.sender, process.pid);
});
