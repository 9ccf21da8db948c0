import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../test/lab/laboratory.ts";

export interface WrkResult {
  readonly rps: number;
  readonly p50: number;
  readonly p99: number;
  /** Answers other than 200 and connections that broke, a thousand requests. */
  readonly faults: number;
}

/** Lets wrk fetch one URL through a proxy, over and over on 16 connections. */
export async function wrk(port: number, url: string, seconds: number): Promise<WrkResult> {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-wrk-"));
  const script = join(folder, "script.lua");
  const host = new URL(url).host;
  writeFileSync(
    script,
    `local text\nfunction request()\n  text = text or wrk.format("GET", "${url}", {["Host"] = "${host}"})\n  return text\nend\n`,
  );
  const args = ["-t1", "-c16", `-d${seconds}s`, "--latency", "-s", script, `http://127.0.0.1:${port}/`];
  const ran = await run("wrk", args);
  rmSync(folder, { recursive: true });
  const number = (pattern: RegExp) => Number(pattern.exec(ran.stdout)?.[1] ?? 0);
  const requests = number(/(\d+) requests in/);
  if (ran.code !== 0 || requests === 0) throw new Error(`wrk: ${ran.stdout}${ran.stderr}`);
  const errors = /connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(ran.stdout)?.slice(1) ?? [];
  const broken = errors.reduce((sum, one) => sum + Number(one), 0);
  const refused = number(/Non-2xx or 3xx responses: (\d+)/);
  return {
    rps: number(/Requests\/sec:\s+([\d.]+)/) * (1 - refused / requests),
    p50: milliseconds(/50%\s+([\d.]+)(us|ms|s)/.exec(ran.stdout)),
    p99: milliseconds(/99%\s+([\d.]+)(us|ms|s)/.exec(ran.stdout)),
    faults: ((broken + refused) * 1000) / requests,
  };
}

function milliseconds(found: RegExpExecArray | null): number {
  const scale = { us: 0.001, ms: 1, s: 1000 }[found?.[2] ?? "ms"] ?? 1;
  return Number(found?.[1] ?? Number.NaN) * scale;
}
