/** The client written in C: built when it is first needed. */
import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { paths, run } from "../../test/lab/laboratory.ts";

/** Opens tunnels one after the other. @returns milliseconds of each that opened, and how many did not */
export async function setUpTunnels(
  port: number,
  authority: string,
  count: number,
  gap: number,
): Promise<{ readonly times: number[]; readonly failed: number }> {
  const text = await client("setup", port, authority, count, gap);
  const lines = text
    .trim()
    .split("\n")
    .map((line) => line.split(" ").map(Number));
  const times = lines.filter(([, status]) => status === 200).map(([micros]) => micros! / 1000);
  return { times, failed: count - times.length };
}

export interface Download {
  readonly seconds: number;
  readonly bytes: number;
}

/** Fetches in one tunnel through a proxy on this port; or from the origin itself, without any proxy. */
export async function download(
  how: "download" | "direct",
  port: number,
  authority: string,
  path: string,
): Promise<Download> {
  const [seconds = 0, bytes = 0] = (await client(how, port, authority, path)).split(" ").map(Number);
  return { seconds, bytes };
}

async function client(...args: readonly (string | number)[]): Promise<string> {
  await build();
  const ran = await run(program, args.map(String), { timeout: 120_000 });
  if (ran.code !== 0) throw new Error(`client ${args.join(" ")}: ${ran.stdout}${ran.stderr}`);
  return ran.stdout;
}

async function build(): Promise<void> {
  if (existsSync(program) && statSync(program).mtimeMs > statSync(source).mtimeMs) return;
  mkdirSync(dirname(program), { recursive: true });
  const ran = await run("cc", ["-O2", "-Wall", "-o", program, source]);
  if (ran.code !== 0) throw new Error(`cc: ${ran.stderr}`);
}

const source = join(paths.root, "bench/harness/client.c");
const program = join(paths.root, ".cache/bench/client");
