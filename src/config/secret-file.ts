import { closeSync, constants, fstatSync, openSync, readSync, realpathSync, type Stats } from "node:fs";
import { SecretFileError } from "../core/errors.ts";
import { Secret } from "../core/secret.ts";

/**
 * The secret that a file holds: UTF-8 text, without one line end at its end.
 *
 * The file must be a regular one that only its owner can read, since whoever reads it is that person to the
 * domain, and of 64 KiB at the most. The open file is judged, not its name: it cannot be swapped in between.
 * @throws SecretFileError when the file cannot be read, is open to others, is empty, too large or not text
 */
export function readSecretFile(path: string): Secret<string> {
  const descriptor = open(path);
  try {
    const stats = fstatSync(descriptor);
    refuseUnlessFile(path, stats);
    refuseIfOpenToOthers(path, stats);
    return new Secret(decode(path, readAtMost(path, descriptor)));
  } finally {
    closeSync(descriptor);
  }
}

const largest = 64 * 1024;

function open(path: string): number {
  try {
    // O_NONBLOCK: opening a named pipe would wait for its writer, for ever. Windows has neither.
    return openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const why =
      code === "ENOENT"
        ? "it does not exist"
        : code === "EACCES" || code === "EPERM"
          ? "this user may not read it"
          : `the system says ${code ?? String(cause)}`;
    throw new SecretFileError(`The secret file ${path} cannot be read: ${why}.`, {
      cause,
      hint:
        code === "ENOENT"
          ? "Create it with mode 600 and the secret as its only line, or correct the path."
          : `Run as its owner, or give it to the user that runs Sallyport: chown USER ${quoted(path)}`,
    });
  }
}

function refuseUnlessFile(path: string, stats: Stats): void {
  if (stats.isFile()) return;
  throw new SecretFileError(`The secret file ${path} is not a regular file.`, {
    hint: "Put the secret into a file of its own, with mode 600.",
  });
}

function refuseIfOpenToOthers(path: string, stats: Stats): void {
  if (process.platform === "win32") return;
  if ((stats.mode & 0o077) === 0 || isSystemdCredential(path, stats)) return;
  const mode = (stats.mode & 0o777).toString(8).padStart(4, "0");
  throw new SecretFileError(
    `The secret file ${path} can be used by others than its owner (its mode is ${mode}).`,
    { hint: `Run: chmod 600 ${quoted(path)}` },
  );
}

/**
 * systemd hands a credential to a unit with `User=` by an access control list, whose mask stat(2) shows as
 * group bits: 0440, root:root, although no group may read it (systemd.exec(5), LoadCredential).
 */
function isSystemdCredential(path: string, stats: Stats): boolean {
  return (
    stats.uid === 0 &&
    stats.gid === 0 &&
    (stats.mode & 0o037) === 0 &&
    realpathSync(path).startsWith("/run/credentials/")
  );
}

function readAtMost(path: string, descriptor: number): Uint8Array {
  const buffer = Buffer.alloc(largest + 1);
  let length = 0;
  while (length < buffer.length) {
    const count = readSync(descriptor, buffer, length, buffer.length - length, null);
    if (count === 0) break;
    length += count;
  }
  if (length > largest)
    throw new SecretFileError(`The secret file ${path} is larger than 64 KiB.`, {
      hint: "It must hold the secret and nothing else.",
    });
  return buffer.subarray(0, length);
}

function decode(path: string, bytes: Uint8Array): string {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new SecretFileError(`The secret file ${path} is not UTF-8 text.`, {
      cause,
      hint: `Convert it: iconv -f LATIN1 -t UTF-8 ${quoted(path)}`,
    });
  }
  const secret = text.replace(/\r?\n$/, "");
  if (/[\r\n]/.test(secret))
    throw new SecretFileError(`The secret file ${path} has more than one line.`, {
      hint: "Put the secret into it, as its only line.",
    });
  if (secret !== "") return secret;
  throw new SecretFileError(`The secret file ${path} is empty.`, {
    hint: "Put the secret into it, as its only line.",
  });
}

/** A path as a shell takes it. */
function quoted(path: string): string {
  return /^[\w./@%+:,-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
