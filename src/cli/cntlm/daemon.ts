import { spawnSync } from "node:child_process";
import { asSallyportError } from "../../core/errors.ts";
import type { Order, Word } from "./order.ts";
import { serve } from "./serve.ts";
import { openSystemLog, systemLog } from "./syslog.ts";

/** The daemon: takes its order from the process that started it, and gives it word when it is ready or cannot be. */
export async function runDaemon(): Promise<number> {
  const order = await new Promise<Order>((resolve) => process.once("message", resolve as never));
  // The one who waits was broken off: nobody would know of this daemon.
  const orphaned = () => process.exit(1);
  process.once("disconnect", orphaned);
  process.chdir("/");
  process.umask(0o022);
  process.on("uncaughtExceptionMonitor", logCrash);
  const log = openSystemLog(order.account);
  try {
    return await serve(order, log, async () => {
      process.off("disconnect", orphaned);
      await give({ ready: true });
    });
  } catch (thrown) {
    const { message, hint } = asSallyportError(thrown);
    log.write(`${JSON.stringify({ level: "error", msg: message, hint })}\n`);
    process.off("disconnect", orphaned);
    await give({ message, hint });
    return 1;
  } finally {
    log.end();
  }
}

/** Says it and hangs up. */
async function give(word: Word): Promise<void> {
  if (!process.connected) return;
  await new Promise<void>((resolve) => process.send!(word, () => resolve()));
  if (process.connected) process.disconnect();
}

/** There is no standard error, and no time for a stream. */
function logCrash(error: unknown): void {
  if (systemLog.available())
    spawnSync(systemLog.program, systemLog.arguments, {
      input: `<26>${JSON.stringify({ level: "error", msg: "crashed", stack: (error as Error)?.stack })}\n`,
      timeout: 2000,
    });
}
