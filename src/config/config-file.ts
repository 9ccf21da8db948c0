import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from "node:fs";
import type { Problems } from "./problem.ts";

/** A configuration file as it was when it was open. */
export interface ConfigFile {
  readonly path: string;
  readonly text: string;
  /** The permission bits; 0 where the system has none. */
  readonly mode: number;
  /** False when it is not UTF-8 and was read as Windows-1252. */
  readonly utf8: boolean;
}

/** Reads a configuration file of at most 1 MiB. What keeps it from being read is noted, and gives undefined. */
export function readConfigFile(path: string, problems: Problems): ConfigFile | undefined {
  let descriptor: number | undefined;
  try {
    // O_NONBLOCK: opening a named pipe would wait for its writer, for ever.
    descriptor = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const stats = fstatSync(descriptor);
    if (!fits(stats, path, problems)) return undefined;
    const bytes = readFileSync(descriptor);
    const mode = process.platform === "win32" ? 0 : stats.mode & 0o777;
    return { path, mode, ...decode(bytes) };
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    problems.error(
      { file: path },
      `the configuration cannot be read: ${reasons[code ?? ""] ?? code}`,
      mends[code ?? ""],
    );
    return undefined;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

const largest = 256 * 1024;

const reasons: Record<string, string> = {
  ENOENT: "there is no such file",
  EACCES: "this user may not read it",
  EISDIR: "it is a folder",
};

const mends: Record<string, string> = {
  ENOENT: "correct the path after -c",
  EACCES: "run as its owner, or give it to the user that runs Sallyport",
};

function fits(stats: Stats, path: string, problems: Problems): boolean {
  if (!stats.isFile())
    problems.error({ file: path }, "the configuration is not a regular file", "name a file after -c");
  else if (stats.size > largest)
    problems.error({ file: path }, "the configuration is larger than 256 KiB", "is it the right file?");
  else return true;
  return false;
}

function decode(bytes: Uint8Array): { text: string; utf8: boolean } {
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes), utf8: true };
  } catch {
    return { text: new TextDecoder("windows-1252").decode(bytes), utf8: false };
  }
}
