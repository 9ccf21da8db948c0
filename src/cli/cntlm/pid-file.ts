import { closeSync, constants, openSync, readFileSync, unlinkSync, writeSync } from "node:fs";
import { StateError } from "../../core/errors.ts";

/**
 * Writes this process's id to a file, over what is there. Called after the rights are given up, as in cntlm: in a
 * folder of another user root must not follow a link, and that user removes the file at the end.
 * @throws StateError
 */
export function writePidFile(path: string): void {
  const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants;
  try {
    const file = openSync(path, O_WRONLY | O_CREAT | O_TRUNC | (O_NOFOLLOW ?? 0), 0o644);
    writeSync(file, `${process.pid}\n`);
    closeSync(file);
  } catch (cause) {
    throw new StateError(`The pid file ${path} cannot be written: ${(cause as Error).message}.`, {
      cause,
      hint: "The user that -U names must be able to write into its folder.",
    });
  }
}

/** Removes it, unless another process has taken its place. */
export function removePidFile(path: string): void {
  try {
    if (readFileSync(path, "utf8").trim() === String(process.pid)) unlinkSync(path);
  } catch {
    // Gone already, or no longer ours to remove.
  }
}
