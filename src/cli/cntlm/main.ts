import { accessSync, constants, existsSync } from "node:fs";
import { asSallyportError } from "../../core/errors.ts";
import { type CommandLine, readCommandLine } from "./command-line.ts";
import { isDaemon } from "./order.ts";
import { say, tell } from "./say.ts";
import { usage } from "./usage.ts";

/**
 * Sallyport under the name `cntlm`: takes cntlm's flags, so that what starts cntlm starts Sallyport.
 * @param argv with the interpreter and the program's path, as `process.argv`
 * @returns the exit code: 0 or 1, as cntlm's
 */
export async function runAsCntlm(argv: readonly string[]): Promise<number> {
  // At once: -p stands in the process list until here. start-stop-daemon --name looks for this name as well.
  process.title = "cntlm";
  const program = argv[1] ?? "cntlm";
  try {
    if (isDaemon(process.env)) return await (await import("./daemon.ts")).runDaemon();
    const line = read(argv.slice(2), program);
    for (const warning of line.warnings) say(warning);
    return await carryOut(line, program);
  } catch (thrown) {
    tell(asSallyportError(thrown));
    return 1;
  }
}

function read(args: readonly string[], program: string): CommandLine {
  try {
    return readCommandLine(args);
  } catch (error) {
    process.stderr.write(usage(program));
    throw error;
  }
}

async function carryOut(line: CommandLine, program: string): Promise<number> {
  if (line.task === "help") {
    process.stdout.write(usage(program));
    return 0;
  }
  const file = line.file === "none" ? undefined : (line.file ?? defaultFile());
  if (line.task === "hash") return await (await import("./hash.ts")).printHashes(line, file);
  if (line.task === "detect") return await (await import("./detect.ts")).detectDialect(line, file);
  return await (await import("./start.ts")).start(line, file);
}

/** As cntlm, which reads its default file when it can. `cntlm -H` is for everybody, and the file is not. */
function defaultFile(): string | undefined {
  const file = "/etc/cntlm.conf";
  if (!existsSync(file)) return undefined;
  try {
    accessSync(file, constants.R_OK);
    return file;
  } catch {
    say(`${file} is passed over: this user may not read it.`);
    return undefined;
  }
}
