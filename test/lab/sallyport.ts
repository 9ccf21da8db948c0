/** Starts the built program as a user would, and reads its log. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { clientEnvironment, paths } from "./laboratory.ts";

export interface Running {
  readonly child: ChildProcess;
  /** `127.0.0.1:41234`, one for each `--listen`. */
  readonly addresses: readonly string[];
  readonly url: string;
  readonly folder: string;
  /** All that it has logged, parsed. */
  log(): Record<string, unknown>[];
  /** The log as text. */
  text(): string;
  /** Waits for a log line. */
  logged(wanted: (line: Record<string, unknown>) => boolean): Promise<Record<string, unknown>>;
  stop(): Promise<number | null>;
}

export interface StartOptions {
  readonly username?: string;
  readonly domain?: string;
  readonly password?: string;
  readonly parents?: readonly string[];
  readonly listen?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Kept over several starts of one test. */
  readonly stateDirectory?: string;
}

/** Runs `sallyport proxy` with its default settings until the test ends. */
export async function startSallyport(t: TestContext, options: StartOptions = {}): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-lab-"));
  const secret = join(folder, "password");
  writeFileSync(secret, `${options.password ?? "S3cret-pass"}\n`, { mode: 0o600 });
  const listen = options.listen ?? ["127.0.0.1:0"];
  const credential =
    options.username === ""
      ? []
      : [
          "--username",
          options.username ?? "testuser",
          "--domain",
          options.domain ?? "CORP",
          "--password-file",
          secret,
        ];
  const args = [
    "proxy",
    ...listen.flatMap((one) => ["--listen", one]),
    ...(options.parents ?? []).flatMap((one) => ["--parent", one]),
    ...credential,
    ...["--log-format", "json", "--log-level", "debug", "--access-log"],
    ...["--state-directory", options.stateDirectory ?? join(folder, "state")],
    ...(options.args ?? []),
  ];
  const child = spawn(join(paths.root, "bin/sallyport"), args, {
    env: { ...clientEnvironment(), ...options.env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let text = "";
  const waiting = new Set<() => void>();
  child.stderr!.setEncoding("utf8").on("data", (part: string) => {
    text += part;
    for (const look of waiting) look();
  });
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  const stop = async () => {
    child.kill("SIGTERM");
    return await ended;
  };
  t.after(async () => {
    child.kill("SIGKILL");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });
  const log = () =>
    text
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  const logged = (wanted: (line: Record<string, unknown>) => boolean) =>
    new Promise<Record<string, unknown>>((resolve, reject) => {
      const limit = setTimeout(() => reject(new Error(`no such line in the log:\n${text}`)), 15_000);
      const look = () => {
        const found = log().find(wanted);
        if (!found) return;
        clearTimeout(limit);
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
      void ended.then(() => {
        clearTimeout(limit);
        reject(new Error(`sallyport ended:\n${text}`));
      });
    });
  const ready = await logged((line) => line.msg === "ready");
  const addresses = ready.addresses as string[];
  return { child, addresses, url: `http://${addresses[0]}`, folder, log, text: () => text, logged, stop };
}

/** A line of the access log for a request that has ended. */
export function requests(running: Running): Record<string, unknown>[] {
  return running.log().filter((line) => line.msg === "request");
}
