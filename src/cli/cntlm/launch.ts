import { spawn } from "node:child_process";
import { InternalError } from "../../core/errors.ts";
import { daemonEnvironment, type Order, type Word } from "./order.ts";
import { say, tell } from "./say.ts";
import { systemLog } from "./syslog.ts";

/**
 * Starts the daemon in a session of its own and waits for its word.
 * @returns the exit code: 0 when all its addresses are bound, 1 when it could not start, which is then told
 */
export async function launch(order: Order): Promise<number> {
  // The same program under the same name; what it is to do comes through the channel.
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1]!], {
    detached: true,
    stdio: ["ignore", "ignore", "ignore", "ipc"],
    env: daemonEnvironment(process.env),
  });
  const limit = setTimeout(() => child.kill("SIGKILL"), LONGEST);
  try {
    const word = await new Promise<Word>((resolve, reject) => {
      child.once("message", (word) => resolve(word as Word));
      child.once("error", reject);
      child.once("exit", (code, signal) =>
        reject(
          new InternalError(`The daemon ended (${signal ?? `exit status ${code}`}) before it was ready.`),
        ),
      );
      child.send(order, (error) => error && reject(error));
    });
    if ("ready" in word) {
      if (!systemLog.available())
        say("There is no /dev/log, so nothing that the daemon says is kept. With -f it says it here.");
      return 0;
    }
    tell(word);
    return 1;
  } finally {
    clearTimeout(limit);
    if (child.connected) child.disconnect();
    child.unref();
  }
}

/** From the start to all addresses bound. */
const LONGEST = 60_000;
