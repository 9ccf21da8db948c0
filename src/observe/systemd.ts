import type { Events } from "./events.ts";
import type { Log } from "./log.ts";
import { redactText } from "./redact.ts";
import { notifyProgram } from "./systemd-notify.ts";

export interface SystemdNotifier {
  /** One line for `systemctl status`. */
  status(text: string): void;
  /** Ends the watchdog and the subscriptions; resolves when the last message is out. */
  end(): Promise<void>;
}

/**
 * Tells systemd how the service is: READY=1 when it is ready, RELOADING=1 and again READY=1 around a reload,
 * STOPPING=1, and WATCHDOG=1 at half the time that the unit allows, from the event loop, so that a loop that
 * hangs is noticed (sd_notify(3), sd_watchdog_enabled(3)). Does nothing when NOTIFY_SOCKET is not set.
 * A message that cannot be sent is a warning in the log, once.
 */
export function notifySystemd(
  events: Events,
  log: Log,
  env: NodeJS.ProcessEnv = process.env,
): SystemdNotifier {
  if (!env.NOTIFY_SOCKET) return { status: () => {}, end: async () => {} };
  const program = notifyProgram(env, (reason) =>
    log.warn("systemd cannot be told how the service is", {
      reason,
      hint: "Install systemd-notify (Debian: package systemd), or set Type=exec and no WatchdogSec= in the unit.",
    }),
  );
  const interval = watchdogInterval(env);
  const watchdog =
    interval === undefined ? undefined : setInterval(() => program.send(["WATCHDOG=1"], "skip"), interval);
  watchdog?.unref();

  const ready = (status: string) => program.send(["READY=1", `STATUS=${oneLine(status)}`]);
  const ends = [
    events.on("ready", ({ addresses }) => ready(`listening on ${addresses.join(", ")}`)),
    events.on("reloading", () => program.send(["RELOADING=1", monotonicNow(), "STATUS=reloading"])),
    events.on("reloaded", () => ready("reloaded")),
    // Without READY=1 the unit would stay "reloading" for ever.
    events.on("reload-failed", ({ message }) => ready(`reload failed: ${message}`)),
    events.on("stopping", ({ open }) =>
      program.send(["STOPPING=1", `STATUS=stopping, ${open} connections open`]),
    ),
    events.on("latched", ({ identity }) =>
      program.send([
        `STATUS=${oneLine(`the credential of ${identity} was refused: no further logon is tried`)}`,
      ]),
    ),
  ];
  return {
    status: (text) => program.send([`STATUS=${oneLine(text)}`]),
    end() {
      clearInterval(watchdog);
      for (const end of ends) end();
      return program.drained();
    },
  };
}

/**
 * Milliseconds between two signs of life: half of WATCHDOG_USEC, as sd_watchdog_enabled(3) advises.
 * Undefined when none is asked for, or when another process is meant (WATCHDOG_PID).
 */
export function watchdogInterval(env: NodeJS.ProcessEnv, pid: number = process.pid): number | undefined {
  const microseconds = Number(env.WATCHDOG_USEC);
  if (!Number.isFinite(microseconds) || microseconds <= 0) return undefined;
  if (env.WATCHDOG_PID && env.WATCHDOG_PID !== String(pid)) return undefined;
  // A timer of more than 2^31 - 1 ms would fire at once.
  return Math.min(Math.max(Math.floor(microseconds / 2000), 1), 2 ** 31 - 1);
}

/** CLOCK_MONOTONIC in microseconds, which is what process.hrtime reads on Linux. Type=notify-reload needs it. */
function monotonicNow(): string {
  return `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`;
}

/** A line end would begin the next assignment (`MAINPID=`, `FDSTORE=`), by whoever chose the text. */
function oneLine(text: string): string {
  return redactText(text).slice(0, 200);
}
