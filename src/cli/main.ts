import { realpathSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { Command, CommanderError, Option } from "commander";
import pkg from "../../package.json" with { type: "json" };
import { asSallyportError } from "../core/errors.ts";
import type { CommandSpec } from "./command.ts";
import { commands } from "./commands.ts";

/**
 * The program's entry: finds the command, loads its code, and turns what it throws into one sentence
 * and an exit code.
 */
export async function main(argv: readonly string[]): Promise<number> {
  if (basename(argv[1] ?? "") === "cntlm") return runAsCntlm(argv.slice(2));
  let code = 0;
  const program = buildProgram((result) => {
    code = result;
  });
  try {
    await program.parseAsync(argv as string[]);
    return code;
  } catch (thrown) {
    return report(thrown, argv.includes("--debug"));
  }
}

function buildProgram(done: (code: number) => void): Command {
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
  for (const one of spec.arguments ?? []) command.argument(one.name, one.description);
  for (const one of spec.options) {
    const option = new Option(one.flags, one.description);
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

function report(thrown: unknown, debug: boolean): number {
  // Commander has printed its own sentence already.
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : 2;
  const error = asSallyportError(thrown);
  process.stderr.write(`sallyport: ${error.message}\n`);
  if (error.hint) process.stderr.write(`  ${error.hint}\n`);
  if (debug)
    process.stderr.write(
      `  [${error.code}] ${error.stack}\n${error.cause ? `  ${String(error.cause)}\n` : ""}`,
    );
  return error.exitCode;
}

async function runAsCntlm(_args: readonly string[]): Promise<number> {
  process.stderr.write("cntlm's own flags are not read yet\n");
  return 1;
}

/** True when this file is the program, not a module of a test. */
function isProgram(): boolean {
  const entry = process.argv[1];
  if (entry === undefined) return false;
  const name = basename(realpathSync(entry));
  return name === "sallyport" || realpathSync(entry) === fileURLToPath(import.meta.url);
}

if (isProgram()) process.exitCode = await main(process.argv);
