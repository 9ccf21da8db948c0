import { spawn } from "node:child_process";

export interface NotifyProgram {
  /**
   * Sends one message, after those before it. `skip`: not at all while others wait, since the next one says the same.
   */
  send(assignments: readonly string[], whenBusy?: "wait" | "skip"): void;
  /** Resolves when nothing waits any more. */
  drained(): Promise<void>;
}

/**
 * Sends messages to systemd by its program systemd-notify, since Node.js has no datagram sockets of the Unix
 * kind. The messages then come from a child: the unit needs NotifyAccess=all. `--pid` names the main process.
 * @param onFailure called once, with the first failure's reason: the service runs on without
 * @param limit milliseconds for one call. The program waits until systemd has taken the message; a systemd that
 *   hangs must not hold up a stop
 */
export function notifyProgram(
  env: NodeJS.ProcessEnv,
  onFailure: (reason: string) => void,
  limit = 3_000,
): NotifyProgram {
  let last: Promise<void> = Promise.resolve();
  let waiting = 0;
  let failed = false;
  return {
    send(assignments, whenBusy = "wait") {
      if (waiting > 0 && whenBusy === "skip") return;
      waiting++;
      last = last
        .then(() => run(assignments, env, limit))
        .then((failure) => {
          waiting--;
          if (failure === undefined || failed) return;
          failed = true;
          onFailure(failure);
        });
    },
    drained: () => last,
  };
}

/** @returns why it failed, or undefined */
function run(
  assignments: readonly string[],
  env: NodeJS.ProcessEnv,
  limit: number,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn("systemd-notify", [`--pid=${process.pid}`, ...assignments], {
      // No more than it needs: the rest of the environment may hold a proxy's password.
      env: { PATH: env.PATH ?? "/usr/bin:/bin", NOTIFY_SOCKET: env.NOTIFY_SOCKET },
      stdio: ["ignore", "ignore", "pipe"],
    });
    // spawn's own `timeout` would go on to hold the process open when the program does not exist.
    const timer = setTimeout(() => child.kill("SIGKILL"), limit);
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => {
      if (said.length < 200) said += chunk.toString("utf8");
    });
    child.stderr.on("error", () => {});
    child.on("error", (error) => {
      clearTimeout(timer);
      resolve(error.message);
    });
    // `close` would wait for whoever inherited the pipe.
    child.on("exit", (code, signal) => {
      clearTimeout(timer);
      child.stderr.destroy();
      if (code === 0) return resolve(undefined);
      const how = signal ? `no answer within ${limit / 1000} s` : `exit code ${code}`;
      resolve(`systemd-notify: ${said.trim() || how}`);
    });
  });
}
