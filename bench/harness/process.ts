import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";

/** A program under measurement. */
export class Measured {
  readonly child: ChildProcess;
  readonly pid: number;
  /** All that it has written, both outputs. */
  output = "";
  readonly #ended: Promise<void>;
  readonly #lookers = new Set<() => void>();

  constructor(command: string, args: readonly string[], env: Readonly<Record<string, string>>) {
    this.child = spawn(command, args, { env: { ...env }, stdio: ["ignore", "pipe", "pipe"] });
    this.pid = this.child.pid!;
    running.add(this.child);
    for (const stream of [this.child.stdout!, this.child.stderr!])
      stream.setEncoding("utf8").on("data", (text: string) => {
        this.output += text;
        for (const look of this.#lookers) look();
      });
    this.#ended = new Promise((resolve) => {
      this.child.on("error", (error) => {
        this.output += error.message;
        resolve();
      });
      this.child.on("close", () => {
        running.delete(this.child);
        resolve();
      });
    });
  }

  /** Waits until its output matches. @throws when it ends before, or after 20 seconds */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    return await new Promise((resolve, reject) => {
      const look = () => {
        const found = pattern.exec(this.output);
        if (found) settle(() => resolve(found));
      };
      const fail = (why: string) =>
        settle(() => reject(new Error(`${this.child.spawnfile} ${why}:\n${this.output}`)));
      const limit = setTimeout(() => fail(`did not say ${pattern}`), 20_000);
      const settle = (act: () => void) => {
        clearTimeout(limit);
        this.#lookers.delete(look);
        act();
      };
      this.#lookers.add(look);
      void this.#ended.then(() => fail("ended"));
      look();
    });
  }

  /** Seconds of CPU so far, user and system, all threads; in steps of 10 ms. */
  cpu(): number {
    // The name may hold spaces and brackets: fields are counted from behind it (proc(5), /proc/pid/stat).
    const fields = readFileSync(`/proc/${this.pid}/stat`, "latin1").split(") ").at(-1)!.split(" ");
    return (Number(fields[11]) + Number(fields[12])) / TICKS;
  }

  /** Resident memory in KiB. */
  resident(): number {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.pid}/status`, "latin1"))![1]);
  }

  /** The most resident memory so far, in KiB. */
  peak(): number {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${this.pid}/status`, "latin1"))![1]);
  }

  async end(): Promise<void> {
    this.child.kill("SIGKILL");
    await this.#ended;
  }
}

const running = new Set<ChildProcess>();
// Whatever ends this process, none of those that it started stays behind.
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

/** USER_HZ, the same on every Linux that Node.js runs on. */
const TICKS = 100;
