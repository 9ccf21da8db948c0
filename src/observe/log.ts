import { createColors } from "picocolors";
import { pino, stdTimeFunctions } from "pino";
import { prettyFactory } from "pino-pretty";
import { redactFields, redactText } from "./redact.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";
export type LogFields = Readonly<Record<string, unknown>>;

/** Writes one line a call. `message` is a constant phrase; what varies goes into the fields. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** True when a line of that level would be written: lets a caller skip making it. */
  enabled(level: LogLevel): boolean;
  /** For a reload: takes effect with the next line. */
  setLevel(level: LogLevel): void;
}

export interface LogTarget {
  /** Standard error, as a rule. */
  readonly stream: NodeJS.WritableStream;
  readonly isTerminal: boolean;
  /** Read for `NO_COLOR` and `TERM`; the process's own by default. */
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * The program's log: JSON, one object a line (`level` as a word, `time` in ISO 8601, `msg`, then the fields),
 * or text for people where the format asks for it. Secrets are hidden and control characters shown, see redact.ts.
 */
export function createLog(
  settings: { readonly level: LogLevel; readonly format: "auto" | "json" | "pretty" },
  target: LogTarget,
): Log {
  const readable = settings.format === "pretty" || (settings.format === "auto" && target.isTerminal);
  // A log that nobody reads any more (a closed pipe) must not end the proxy.
  target.stream.on("error", () => {});
  const logger = pino(
    {
      level: settings.level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (word) => ({ level: word }) },
    },
    readable ? readableLines(target) : target.stream,
  );
  const write = (level: LogLevel) => (message: string, fields?: LogFields) => {
    if (!logger.isLevelEnabled(level)) return;
    // The message goes in as a field, since pino would put it behind the others.
    const msg = redactText(message);
    const stacks = logger.isLevelEnabled("debug");
    logger[level](fields ? { msg, ...redactFields(fields, { stacks }) } : { msg });
  };
  return {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    enabled: (level) => logger.isLevelEnabled(level),
    setLevel: (level) => {
      logger.level = level;
    },
  };
}

/** Lines for a person: time, level, message, then `name=value`. Made in this thread: worker transports do not bundle. */
function readableLines(target: LogTarget): { write(line: string): void } {
  const env = target.env ?? process.env;
  // https://no-color.org: any value but the empty one.
  const colour = target.isTerminal && !env.NO_COLOR && env.TERM !== "dumb";
  const colors = createColors(colour);
  const pretty = prettyFactory({
    colorize: colour,
    hideObject: true,
    ignore: "pid,hostname,name,caller,timestamp,stack,type",
    translateTime: "SYS:HH:MM:ss.l",
    customColors: "debug:blue,info:green,warn:yellow,error:red,message:reset",
    messageFormat: (line) => {
      const { level: _level, time: _time, msg, hint, ...fields } = line as Record<string, unknown>;
      const pairs = Object.entries(fields).map(([name, value]) => ` ${colors.dim(`${name}=`)}${show(value)}`);
      return `${String(msg)}${pairs.join("")}${hint === undefined ? "" : colors.yellow(` (${String(hint)})`)}`;
    },
  });
  return { write: (line) => target.stream.write(pretty(line)) };
}

/** Bare where that is unambiguous, else as JSON. The characters that are unsafe on a terminal are gone already. */
function show(value: unknown): string {
  return typeof value === "string" && /^[^\s"'=]+$/.test(value) ? value : JSON.stringify(value);
}
