import type { RequestRecord } from "./events.ts";
import type { Log } from "./log.ts";

export interface FailureSummary {
  add(record: RequestRecord, code: string): void;
  /** Tells what is still held back and stops the timers. */
  end(): void;
}

/**
 * Keeps a parent that is down from filling the disk: of failed requests with the same error and the same way
 * out, one line in every `interval` (milliseconds), and at its end the number of those that had none.
 */
export function summariseFailures(log: Log, interval = 10_000): FailureSummary {
  const windows = new Map<string, Window>();

  function open(key: string, code: string, via: string | undefined): Window {
    const timer = setTimeout(() => close(key, window), interval);
    timer.unref();
    const window: Window = { code, via, timer, suppressed: 0 };
    windows.set(key, window);
    return window;
  }

  function close(key: string, window: Window): void {
    clearTimeout(window.timer);
    windows.delete(key);
    if (window.suppressed === 0) return;
    log.info("more requests failed", { code: window.code, via: window.via, suppressed: window.suppressed });
    // The line just written is this interval's: a steady stream gets one line an interval, not two.
    open(key, window.code, window.via);
  }

  return {
    add(record, code) {
      const key = `${code} ${record.via ?? ""}`;
      const window = windows.get(key);
      if (window) {
        window.suppressed++;
        return;
      }
      open(key, code, record.via);
      const { id, client, method, target, via, status, ms, reason } = record;
      log.info("request failed", { id, client, method, target, via, status, ms, code, reason });
    },
    end() {
      for (const [key, window] of [...windows]) close(key, window);
      for (const window of windows.values()) clearTimeout(window.timer);
      windows.clear();
    },
  };
}

interface Window {
  readonly code: string;
  readonly via: string | undefined;
  readonly timer: NodeJS.Timeout;
  suppressed: number;
}
