import type { CntlmCommandLine } from "../config/cntlm/from-cntlm.ts";
import { loadSettings } from "../config/load.ts";
import type { Overrides } from "../config/overrides.ts";
import type { Settings } from "../config/settings.ts";
import { asSallyportError } from "../core/errors.ts";
import { Events } from "../observe/events.ts";
import { createLog } from "../observe/log.ts";
import { logEvents } from "../observe/log-events.ts";
import { notifySystemd } from "../observe/systemd.ts";
import { ProxyServer } from "../proxy/server.ts";
import { MetricsService } from "./metrics-service.ts";

export interface ServiceInput {
  readonly file: string | undefined;
  readonly overrides: Overrides;
  /** Started under the name `cntlm`. */
  readonly cntlm?: CntlmCommandLine;
  /** What SIGHUP does. `reload` unless given; cntlm's own init script stops it by that signal. */
  readonly hangup?: "reload" | "stop";
  readonly env: NodeJS.ProcessEnv;
  readonly err: NodeJS.WritableStream & { readonly isTTY?: boolean };
  /** Called when every address is bound: the place to give up rights, or to tell a waiting parent process. */
  readonly ready?: (addresses: readonly string[]) => void | Promise<void>;
}

/**
 * Runs the proxy until a signal ends it: SIGHUP reads the configuration again (unless it is to stop), SIGINT and
 * SIGTERM stop gracefully, a second one at once.
 * @returns the exit code
 * @throws ConfigError, ListenError … when it cannot start
 */
export async function runService(input: ServiceInput): Promise<number> {
  const { settings } = loadSettings(input);
  const events = new Events();
  const log = createLog(settings.log, {
    stream: input.err,
    isTerminal: input.err.isTTY === true,
    env: input.env,
  });
  let endLog = logEvents(events, log, { access: settings.log.access });
  const systemd = notifySystemd(events, log, input.env);
  const server = new ProxyServer(settings, events, input.env);
  const metrics = new MetricsService(server, events, log);
  await metrics.follow(settings);
  const caught = catchSignals();
  // Nothing else may hold the process while every listener waits for its interface.
  const alive = setInterval(() => {}, 2 ** 30);
  try {
    await server.start();
    await input.ready?.(server.addresses());
    for (;;) {
      const signal = await caught.next();
      if (signal !== "SIGHUP" || input.hangup === "stop") {
        const stopped = server.stop(signal);
        void caught.next().then(() => server.end());
        await stopped;
        log.info("stopped");
        return 0;
      }
      const next = await reload(input, events, server, metrics);
      if (!next) continue;
      endLog();
      log.setLevel(next.log.level);
      endLog = logEvents(events, log, { access: next.log.access });
    }
  } finally {
    clearInterval(alive);
    caught.end();
    server.end();
    await metrics.close();
    await systemd.end();
  }
}

/** Reads the configuration again; what is wrong with it is logged, and the old one stays in force. */
async function reload(
  input: ServiceInput,
  events: Events,
  server: ProxyServer,
  metrics: MetricsService,
): Promise<Settings | undefined> {
  events.emit("reloading", { file: input.file });
  try {
    const { settings } = loadSettings(input);
    await metrics.follow(settings);
    await server.reload(settings);
    return settings;
  } catch (thrown) {
    const error = asSallyportError(thrown);
    events.emit("reload-failed", {
      file: input.file,
      message: error.message.replace(/:?\n\s*/g, ": "),
      ...(error.hint ? { hint: error.hint } : {}),
    });
    return undefined;
  }
}

/** Signals as a queue: none is lost while another one is worked on. */
function catchSignals(): { next(): Promise<NodeJS.Signals>; end(): void } {
  const queue: NodeJS.Signals[] = [];
  let wake = () => {};
  const caught = (signal: NodeJS.Signals) => {
    // Several reloads that wait are one, and a stop does not wait behind them.
    if (signal !== "SIGHUP") queue.length = 0;
    else if (queue.includes(signal)) return;
    queue.push(signal);
    wake();
  };
  for (const name of SIGNALS) process.on(name, caught);
  // SIGUSR1 would open Node's debugger, and with it the password, to every user of this host.
  for (const name of IGNORED) process.on(name, ignore);
  return {
    async next() {
      while (queue.length === 0)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      return queue.shift()!;
    },
    end() {
      for (const name of SIGNALS) process.off(name, caught);
      for (const name of IGNORED) process.off(name, ignore);
    },
  };
}

function ignore(): void {}

const IGNORED = ["SIGUSR1", "SIGUSR2"] as const;
const SIGNALS = ["SIGHUP", "SIGINT", "SIGTERM"] as const;
