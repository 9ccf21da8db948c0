import { type Account, findAccount } from "./account.ts";
import type { CommandLine } from "./command-line.ts";
import type { Order } from "./order.ts";
import { promptForPassword } from "./prompt.ts";
import { say } from "./say.ts";

/** `cntlm` without -H and -M: the service, in the foreground or as a daemon. */
export async function start(line: CommandLine, file: string | undefined): Promise<number> {
  const order: Order = {
    file,
    lines: line.lines,
    password: (line.askPassword ? await askedPassword() : line.password)?.reveal(),
    verbose: line.verbose,
    account: line.runAs ? accountFor(line.runAs) : undefined,
    pidFile: line.pidFile,
  };
  if (line.foreground) return await (await import("./serve.ts")).serve(order, process.stderr);
  return await (await import("./launch.ts")).launch(order);
}

async function askedPassword() {
  const password = await promptForPassword();
  if (password === undefined) say("-I: no password was given.");
  return password;
}

/** Only root can become another user; anybody else stays who they are, as with cntlm. */
function accountFor(name: string): Account | undefined {
  if (process.geteuid?.() === 0) return findAccount(name);
  say(`-U ${name} is without effect: only root can become another user.`);
  return undefined;
}
