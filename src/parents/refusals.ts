import { randomBytes, scrypt } from "node:crypto";
import { type FileHandle, mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { type Credential, credentialName } from "../core/credential.ts";
import { StateError } from "../core/errors.ts";

/** What is known of one credential's logons that did not succeed. */
export interface Refusals {
  /** Refused, or sent and not yet answered. */
  readonly count: number;
  /** When the last one was sent, milliseconds since 1970. */
  readonly at: number;
  /** True while the last one has no verdict. */
  readonly pending: boolean;
  /** Sent, and no verdict came or one that says nothing: how many in a row. Absent: none. */
  readonly lost?: number;
}

/**
 * The count of refused logons on disk: shared by the proxy, detect and doctor, and kept over restarts, since a
 * domain counts them too and locks the account.
 *
 * An entry is found by a slow, salted digest of the credential, so that a changed password starts anew and the file
 * tells nobody a password.
 */
export class RefusalFile {
  readonly #folder: string;
  readonly #file: string;
  /** Used when the folder cannot be written: better than no count. */
  #memory: FileShape | undefined;
  /** Changes of this process, in the order in which they were asked for: the lock between processes keeps none. */
  #turn: Promise<unknown> = Promise.resolve();
  readonly #warn: (error: StateError) => void;

  constructor(folder: string, warn: (error: StateError) => void) {
    this.#folder = folder;
    this.#file = join(folder, "refused-logons.json");
    this.#warn = warn;
  }

  /** The key of a credential in this file. Takes some 50 ms: once for each credential. */
  async keyOf(credential: Credential): Promise<string> {
    const salt = await this.#change((shape) => shape.salt);
    const secret =
      credential.password?.reveal() ??
      Buffer.from(credential.ntHash?.reveal() ?? credential.ntlmv2Hash?.reveal() ?? []).toString("hex");
    const material = JSON.stringify([credentialName(credential).toLowerCase(), secret]);
    return (await derive(material, Buffer.from(salt, "hex"), 24)).toString("hex");
  }

  async read(key: string): Promise<Refusals> {
    return (await this.#load()).entries[key] ?? NONE;
  }

  /** Changes an entry, alone among all processes. An entry of nothing is taken out. */
  async update(key: string, name: string, next: (before: Refusals) => Refusals): Promise<Refusals> {
    return await this.#change((shape) => {
      const after = next(shape.entries[key] ?? NONE);
      if (after.count <= 0 && !after.lost) delete shape.entries[key];
      else shape.entries[key] = { ...after, name };
      return after;
    });
  }

  #change<T>(change: (shape: FileShape) => T): Promise<T> {
    const turn = this.#turn.then(() => this.#changeAlone(change));
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #changeAlone<T>(change: (shape: FileShape) => T): Promise<T> {
    if (this.#memory) return change(this.#memory);
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      const unlock = await lock(`${this.#file}.lock`);
      try {
        const shape = await this.#load();
        const before = JSON.stringify(shape);
        const result = change(shape);
        trim(shape);
        if (JSON.stringify(shape) !== before || shape.fresh) await this.#save(shape);
        return result;
      } finally {
        await unlock();
      }
    } catch (cause) {
      // What can be read counts although it cannot be written any more.
      this.#memory = await this.#load().catch(emptyShape);
      this.#warn(
        new StateError(
          `The count of refused logons cannot be kept in ${this.#folder}: ${(cause as Error).message}`,
          {
            cause,
            hint: "Until that is mended it is kept in memory only, and a restart forgets it. Set [state] directory, or give the service a StateDirectory.",
          },
        ),
      );
      return change(this.#memory);
    }
  }

  async #load(): Promise<FileShape> {
    if (this.#memory) return this.#memory;
    let text: string;
    try {
      text = await readFile(this.#file, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return { ...emptyShape(), fresh: true };
      throw error;
    }
    try {
      const shape: unknown = JSON.parse(text);
      if (isShape(shape)) return shape;
    } catch {
      // Half a file is impossible (it is renamed into place); somebody edited it. Begin anew.
    }
    return { ...emptyShape(), fresh: true };
  }

  async #save(shape: FileShape): Promise<void> {
    const { salt, entries } = shape;
    const temporary = `${this.#file}.${randomBytes(6).toString("hex")}.new`;
    // "wx": the folder may be another user's, and root must not write through a link that was laid there.
    const file = await open(temporary, "wx", 0o600);
    try {
      await file.writeFile(`${JSON.stringify({ salt, entries }, null, 1)}\n`);
      await giveToOwner(file, this.#folder);
      await file.sync();
      await rename(temporary, this.#file);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    } finally {
      await file.close();
    }
  }
}

interface FileShape {
  salt: string;
  entries: Record<string, Refusals & { readonly name?: string }>;
  /** Not on disk yet. */
  fresh?: boolean;
}

const NONE: Refusals = { count: 0, at: 0, pending: false };
const derive = promisify(scrypt) as (secret: string, salt: Buffer, length: number) => Promise<Buffer>;
const MOST_ENTRIES = 64;
const LOCK_STALE = 5000;

function emptyShape(): FileShape {
  return { salt: randomBytes(16).toString("hex"), entries: {} };
}

function isShape(value: unknown): value is FileShape {
  const { salt, entries } = (value ?? {}) as Partial<FileShape>;
  if (typeof salt !== "string" || !/^[0-9a-f]{32}$/.test(salt)) return false;
  if (typeof entries !== "object" || entries === null) return false;
  return Object.values(entries as Record<string, Partial<Refusals> | null>).every(
    (one) =>
      Number.isInteger(one?.count) &&
      Number.isFinite(one?.at) &&
      typeof one?.pending === "boolean" &&
      (one.lost === undefined || Number.isInteger(one.lost)),
  );
}

/** Old credentials are forgotten, the oldest first. */
function trim(shape: FileShape): void {
  const keys = Object.keys(shape.entries).sort((a, b) => shape.entries[a]!.at - shape.entries[b]!.at);
  for (const key of keys.slice(0, Math.max(0, keys.length - MOST_ENTRIES))) delete shape.entries[key];
}

/** What root writes stays readable to the service, which may run as another user. */
async function giveToOwner(file: FileHandle, folder: string): Promise<void> {
  if (process.geteuid?.() !== 0) return;
  const { uid, gid } = await stat(folder);
  await file.chown(uid, gid);
}

/** A lock between processes: a file that only one can create. One left by a crash is taken over after five seconds. */
async function lock(path: string): Promise<() => Promise<void>> {
  for (let tries = 0; ; tries++) {
    try {
      await (await open(path, "wx", 0o600)).close();
      return () => rm(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      const age = await stat(path).then(
        (found) => Date.now() - found.mtimeMs,
        () => 0,
      );
      if (age > LOCK_STALE) await rm(path, { force: true });
      if (tries > 1000) throw error;
      await delay(10);
    }
  }
}
