import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { Writable } from "node:stream";

/** Node.js has no datagram sockets of the Unix kind, so logger(1) of util-linux carries the lines to /dev/log. */
export const systemLog = {
  program: "logger",
  arguments: ["--tag", "cntlm", `--id=${process.pid}`, "--prio-prefix"],
  available: () => existsSync("/dev/log"),
} as const;

/**
 * Takes the log's JSON lines and hands them to the system log, each with its severity. A line is thrown away when
 * there is no system log, or when it does not keep up: the proxy goes on.
 * @param account whom logger runs as
 */
export function openSystemLog(
  account: { readonly uid: number; readonly gid: number } | undefined,
  target: {
    readonly program: string;
    readonly arguments: readonly string[];
    available(): boolean;
  } = systemLog,
): Writable {
  let child: ChildProcess | undefined;
  let started = Number.NEGATIVE_INFINITY;
  const logger = () => {
    if (child || !target.available() || performance.now() - started < RESTART) return child;
    started = performance.now();
    const made = spawn(target.program, target.arguments, {
      stdio: ["pipe", "ignore", "ignore"],
      ...(account ? { uid: account.uid, gid: account.gid } : {}),
    });
    const gone = () => {
      if (child === made) child = undefined;
    };
    made.on("error", gone).on("exit", gone);
    made.stdin.on("error", gone);
    made.unref();
    child = made;
    return child;
  };
  return new Writable({
    decodeStrings: false,
    write(line: string | Uint8Array, _encoding, done) {
      const input = logger()?.stdin;
      if (input && input.writableLength < MOST_WAITING) input.write(withPriority(line.toString()));
      done();
    },
    final(done) {
      child?.stdin?.end();
      done();
    },
  });
}

/** `<30>`: facility daemon (3) and the severity of RFC 5424, 6.2.1, as logger --prio-prefix takes it. */
export function withPriority(line: string): string {
  const level = /^\{"level":"(\w+)"/.exec(line)?.[1] ?? "info";
  return `<${3 * 8 + (severities[level] ?? 6)}>${line}`;
}

const severities: Record<string, number> = { error: 3, warn: 4, info: 6, debug: 7 };
const RESTART = 5000;
const MOST_WAITING = 1024 * 1024;
