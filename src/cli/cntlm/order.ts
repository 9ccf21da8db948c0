import type { CntlmLine } from "../../config/cntlm/grammar.ts";
import type { Account } from "./account.ts";

/** What the process that was started tells the daemon. It goes through a private channel, never by arguments. */
export interface Order {
  readonly file: string | undefined;
  readonly lines: readonly CntlmLine[];
  /** In clear: this is what keeps it off the command line. */
  readonly password: string | undefined;
  readonly verbose: boolean;
  readonly account: Account | undefined;
  readonly pidFile: string | undefined;
}

/** The daemon's answer: it serves, or why it does not. */
export type Word = { readonly ready: true } | { readonly message: string; readonly hint: string | undefined };

const mark = "SALLYPORT_CNTLM_DAEMON";

/** The environment of the daemon. */
export function daemonEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...env, [mark]: "1" };
}

/** True in a process that was started to be the daemon. */
export function isDaemon(env: NodeJS.ProcessEnv): boolean {
  return env[mark] === "1" && process.send !== undefined;
}
