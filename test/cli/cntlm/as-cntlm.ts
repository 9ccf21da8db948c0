import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A folder with the program under the name `cntlm`, and a state of its own; gone after the test, and the daemon too. */
export function asCntlm(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "as-cntlm-"));
  const pidFile = join(folder, "pid");
  t.after(() => {
    if (existsSync(pidFile)) process.kill(readPid(pidFile), "SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });
  const program = join(folder, "cntlm");
  symlinkSync(resolve("src/cli/main.ts"), program);
  return {
    folder,
    pidFile,
    run(args: readonly string[], input = ""): Promise<Ended> {
      const child = spawn(process.execPath, ["--import", "tsx", program, ...args], {
        env: { ...process.env, STATE_DIRECTORY: join(folder, "state") },
      });
      let [out, err] = ["", ""];
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        out += text;
      });
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        err += text;
      });
      child.stdin.on("error", () => {});
      child.stdin.end(input);
      return new Promise((done, fail) => {
        child.once("error", fail).once("close", (code) => done({ code, out, err }));
      });
    },
  };
}

/** A port of loopback that was free a moment ago: cntlm's -l cannot ask for any. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

export function readPid(file: string): number {
  return Number(readFileSync(file, "utf8"));
}

/** True when the file is gone within ten seconds: the daemon has ended cleanly. */
export async function goes(file: string): Promise<boolean> {
  for (const end = performance.now() + 10_000; performance.now() < end; await delay(20))
    if (!existsSync(file)) return true;
  return false;
}
