import type { CommandCall, CommandSpec } from "./command.ts";
import { commands } from "./commands.ts";
import { bashCompletion } from "./completion/bash.ts";
import { fishCompletion } from "./completion/fish.ts";
import { zshCompletion } from "./completion/zsh.ts";

const scripts: Record<string, (commands: readonly CommandSpec[]) => string> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

/** `sallyport completion SHELL`: the script, made from the table of commands. It never runs Sallyport itself. */
export async function run(call: CommandCall): Promise<number> {
  // Commander has refused any other word.
  call.out.write(scripts[call.arguments[0]!]!(commands));
  return 0;
}
