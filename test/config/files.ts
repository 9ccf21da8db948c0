import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { type LoadInput, readSettings } from "../../src/config/load.ts";
import { problemText } from "../../src/config/problem.ts";

/** Writes configuration files into a folder that is gone after the tests. */
export const folder = mkdtempSync(join(tmpdir(), "sallyport-config-"));
after(() => rmSync(folder, { recursive: true, force: true }));

export function write(name: string, content: string | Uint8Array, mode = 0o600): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

export const interfaces = {
  lo: [{ address: "127.0.0.1" }, { address: "::1" }],
  eth0: [{ address: "10.9.8.7" }],
  docker0: [{ address: "172.17.0.1" }],
};

/** What a text gives: settings, and the problems as lines without the folder's name. */
export function read(text: string | Uint8Array, more: Partial<LoadInput> & { mode?: number } = {}) {
  const file = write("c", text, more.mode);
  const { settings, problems } = readSettings({ file, env: {}, interfaces, ...more });
  const lines = (severity: string) =>
    problems
      .filter((one) => one.severity === severity)
      .map((one) => problemText({ ...one, file: one.file === file ? "c" : one.file }));
  return { settings, errors: lines("error"), warnings: lines("warning") };
}
