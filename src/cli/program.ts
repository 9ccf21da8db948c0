import { Argument, Command, Option } from "commander";
import pkg from "../../package.json" with { type: "json" };
import type { CommandSpec } from "./command.ts";
import { commands } from "./commands.ts";

/**
 * The program as Commander parses it, from the table of commands.
 * @param done gets the exit code of the command that ran
 */
export function buildProgram(done: (code: number) => void): Command {
  const program = new Command("sallyport");
  program
    .description(pkg.description)
    .version(pkg.version, "-V, --version")
    .option("--debug", "show where an error came from")
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, "sallyport: ")) })
    .showSuggestionAfterError()
    .addHelpText("after", "\nMore: sallyport help COMMAND, and the pages in docs/.");
  for (const spec of commands) program.addCommand(buildCommand(spec, done));
  return program;
}

function buildCommand(spec: CommandSpec, done: (code: number) => void): Command {
  const command = new Command(spec.name).summary(spec.summary).exitOverride();
  command.description(spec.description ?? spec.summary).option("--debug", "show where an error came from");
  for (const one of spec.arguments ?? []) {
    const argument = new Argument(one.name, one.description);
    if (one.choices) argument.choices(one.choices);
    command.addArgument(argument);
  }
  for (const one of spec.options) {
    const option = new Option(one.flags, one.description);
    // Commander takes `--no-proxy <list>` for the denial of a `--proxy`; with a value it is an option of its own.
    if (option.required) option.negate = false;
    if (one.choices) option.choices(one.choices);
    if (one.repeatable)
      option.argParser((value: string, before: string[] | undefined) => [...(before ?? []), value]);
    command.addOption(option);
  }
  if (spec.examples.length > 0)
    command.addHelpText(
      "after",
      `\nExamples:\n${spec.examples.map((one) => `  ${one.command}\n      ${one.does}`).join("\n")}`,
    );
  command.action(async () => {
    const module = await spec.load();
    const options: Record<string, unknown> = command.opts();
    done(
      await module.run({
        arguments: command.args,
        options,
        out: process.stdout,
        err: process.stderr,
        env: process.env,
      }),
    );
  });
  return command;
}
