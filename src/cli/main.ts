import { realpathSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { CommanderError } from "commander";
import { asSallyportError } from "../core/errors.ts";
import { buildProgram } from "./program.ts";

/**
 * The program's entry: finds the command, loads its code, and turns what it throws into one sentence
 * and an exit code.
 */
export async function main(argv: readonly string[]): Promise<number> {
  if (basename(argv[1] ?? "") === "cntlm") return (await import("./cntlm/main.ts")).runAsCntlm(argv);
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

/** True when this file is the program, not a module of a test. */
function isProgram(): boolean {
  const entry = process.argv[1];
  if (entry === undefined) return false;
  const name = basename(realpathSync(entry));
  return name === "sallyport" || realpathSync(entry) === fileURLToPath(import.meta.url);
}

/**
 * A reader that has gone (`sallyport --help | head -1`) is no reason to crash: what it no longer wants is thrown away.
 */
function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
    });
}

if (isProgram()) {
  outliveReaders();
  process.exitCode = await main(process.argv);
}
