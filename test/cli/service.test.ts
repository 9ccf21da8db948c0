import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";

interface Service {
  logged(msg: string): Promise<Record<string, unknown>>;
  signal(name: NodeJS.Signals): void;
  readonly ended: Promise<number | null>;
}

/** `sallyport proxy` as a process of its own, from the sources. */
function start(t: TestContext, args: readonly string[]): Service {
  const child = spawn(
    process.execPath,
    ["--import", "tsx", "src/cli/main.ts", "proxy", "--log-format", "json", ...args],
    {
      stdio: ["ignore", "ignore", "pipe"],
      env: { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "" },
    },
  );
  const lines: Record<string, unknown>[] = [];
  const waiting = new Set<() => void>();
  let rest = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    rest += text;
    const parts = rest.split("\n");
    rest = parts.pop() ?? "";
    for (const part of parts)
      if (part.startsWith("{")) lines.push(JSON.parse(part) as Record<string, unknown>);
    for (const look of waiting) look();
  });
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  t.after(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  return {
    ended,
    signal: (name) => void child.kill(name),
    logged: (msg) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const at = lines.findIndex((line) => line.msg === msg);
          if (at < 0) return;
          waiting.delete(look);
          resolve(lines.splice(0, at + 1).at(-1)!);
        };
        waiting.add(look);
        look();
        void ended.then((code) => reject(new Error(`it ended with ${code} before "${msg}": ${rest}`)));
      }),
  };
}

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-service-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

test("a proxy whose only listener waits for its interface goes on waiting, and stops at one SIGTERM", async (t) => {
  const service = start(t, ["--listen", "sp-none0:3128", "--state-directory", folderOf(t)]);
  await service.logged("waiting");
  await service.logged("ready");
  // A second look at the interfaces has come when this does; without listeners the process would have ended.
  assert.equal(await Promise.race([service.ended, turn()]), "still there");
  service.signal("SIGTERM");
  await service.logged("stopped");
  assert.equal(await service.ended, 0);
});

test("a reload moves the metrics to their new address, and a broken file leaves them where they are", async (t) => {
  const folder = folderOf(t);
  const file = join(folder, "sallyport.toml");
  const write = (metrics: string) =>
    writeFileSync(
      file,
      `[proxy]\nlisten = "127.0.0.1:0"\n[state]\ndirectory = "${folder}/state"\n[metrics]\nlisten = "${metrics}"\n`,
    );
  write("127.0.0.1:0");
  const service = start(t, ["-c", file]);
  const first = (await service.logged("metrics")).address as string;
  await service.logged("ready");
  assert.equal((await fetch(`http://${first}/healthz`)).status, 200);
  write(`unix:${folder}/metrics.sock`);
  service.signal("SIGHUP");
  await service.logged("metrics");
  await service.logged("reloaded");
  await assert.rejects(fetch(`http://${first}/healthz`));
  writeFileSync(file, "[proxy]\nlisten = 7\nmore = 1\n");
  service.signal("SIGHUP");
  const failed = await service.logged("reload failed, the settings from before stay in force");
  assert.match(failed.reason as string, /sallyport\.toml:2:/);
  assert.ok(!(failed.reason as string).includes("\n"));
  service.signal("SIGTERM");
  assert.equal(await service.ended, 0);
});

/** More than one look of the listeners at their interfaces. */
async function turn(): Promise<string> {
  const { setTimeout: delay } = await import("node:timers/promises");
  return await delay(600, "still there");
}
