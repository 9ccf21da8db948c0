import { spawnSync } from "node:child_process";
import { lchownSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { PrivilegeError, StateError, UsageError } from "../../core/errors.ts";
import { RefusalFile } from "../../parents/refusals.ts";

/** Whom -U names. */
export interface Account {
  /** Undefined when it was given as a number. */
  readonly name: string | undefined;
  readonly uid: number;
  readonly gid: number;
}

/**
 * The account that -U names: a number is user and group at once, as in cntlm, a name stands for its user and
 * primary group.
 * @throws UsageError when there is no such user
 */
export function findAccount(text: string): Account {
  if (/^\d+$/.test(text)) {
    const id = Number(text);
    if (id > 0xffff_fffe) throw new UsageError(`-U ${text} is not the number of a user.`);
    return { name: undefined, uid: id, gid: id };
  }
  // Node.js has no getpwnam(3). id(1) asks all sources that the system has, not only /etc/passwd.
  const [uid, gid] = ["-u", "-g"].map((what) => {
    const found = spawnSync("id", [what, "--", text], { encoding: "utf8", timeout: 10_000 });
    return found.status === 0 ? Number(found.stdout) : Number.NaN;
  });
  if (!Number.isInteger(uid) || !Number.isInteger(gid))
    throw new UsageError(`There is no user "${text}", whom -U names.`, {
      hint: "Correct it (RUNAS in /etc/default/cntlm), or make one: adduser --system cntlm",
    });
  return { name: text, uid: uid!, gid: gid! };
}

/**
 * Makes the folder for the count of refused logons, which the service goes on writing when it is no longer root.
 * A folder that is root's is handed over; one of anybody else is left alone.
 * @throws StateError
 */
export async function prepareState(folder: string, account: Account): Promise<void> {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (statSync(folder).uid === 0) {
      // Of a folder that only root writes, no name in it can lead elsewhere; links are not followed all the same.
      for (const name of readdirSync(folder))
        if (name.startsWith("refused-logons.json")) lchownSync(join(folder, name), account.uid, account.gid);
      lchownSync(folder, account.uid, account.gid);
    }
  } catch (cause) {
    throw new StateError(`The folder ${folder} cannot be made ready: ${(cause as Error).message}.`, {
      cause,
    });
  }
  // Written now, so that no write is under way while the rights are given up.
  await new RefusalFile(folder, () => {}).update("", "", (before) => before);
}

/**
 * Gives up root for good: supplementary groups, group, user, in this order (setuid(2)).
 * @throws PrivilegeError
 */
export function become({ name, uid, gid }: Account): void {
  try {
    if (name === undefined) process.setgroups!([gid]);
    else (process as PosixProcess).initgroups(name, gid);
    process.setgid!(gid);
    process.setuid!(uid);
  } catch (cause) {
    throw new PrivilegeError(`The user ${name ?? uid} cannot be taken on: ${(cause as Error).message}.`, {
      cause,
    });
  }
}

/** Missing in the types of Node.js. */
type PosixProcess = typeof process & { initgroups(user: string, extraGroup: number): void };
