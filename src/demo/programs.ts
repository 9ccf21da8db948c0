import { spawn } from "node:child_process";
import { NoAnswerError } from "../core/errors.ts";

/** A program on this host that the demo can send through the proxy. */
export interface Program {
  readonly name: string;
  /** Undefined: it is not installed. */
  readonly version: string | undefined;
}

/** Which of the programs are here, by what `--version` says. */
export async function findPrograms(
  names: readonly string[],
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Program[]> {
  return await Promise.all(
    names.map(async (name) => {
      const told = await runProgram([name, "--version"], { env, signal }).catch(() => undefined);
      return { name, version: told && (/\d+(\.\d+)+/.exec(told)?.[0] ?? "of unknown version") };
    }),
  );
}

/**
 * Runs a program to its end.
 * @returns its standard output
 * @throws NoAnswerError with the last line of what it said, when it fails or takes too long
 */
export function runProgram(
  [command = "", ...args]: readonly string[],
  options: { readonly env: NodeJS.ProcessEnv; readonly signal: AbortSignal; readonly cwd?: string },
): Promise<string> {
  const limit = AbortSignal.any([options.signal, AbortSignal.timeout(TIME)]);
  return new Promise((resolve, reject) => {
    const fail = (why: string, cause?: unknown) =>
      reject(new NoAnswerError(`${command} failed: ${why}`, { cause }));
    const child = spawn(command, args, {
      env: options.env,
      cwd: options.cwd,
      signal: limit,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    let complaint = "";
    child.stdout.setEncoding("utf8").on("data", (chunk) => {
      output += chunk;
    });
    child.stderr.setEncoding("utf8").on("data", (chunk) => {
      complaint += chunk;
    });
    child.once("error", (error) => fail(limit.aborted ? "it took too long" : error.message, error));
    child.once("close", (code) => {
      if (code === 0) resolve(output);
      else fail(complaint.trim().split("\n").at(-1) || `exit status ${code}`);
    });
  });
}

const TIME = 30_000;
