/** The programs that are compared, started as their users start them. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { accounts, clientEnvironment, paths, squidPorts } from "../../test/lab/laboratory.ts";
import type { Stage } from "./benchmark.ts";
import { connects } from "./connect.ts";
import { Measured } from "./process.ts";

export interface RunningProxy {
  readonly process: Measured;
  readonly port: number;
  end(): Promise<void>;
}

export interface ProxyOptions {
  /** `host:port`, in order; none goes direct. Default: the Squid that wants NTLM. */
  readonly parents?: readonly string[];
  /** False: without a credential. */
  readonly signIn?: boolean;
  /** What goes past the parents. */
  readonly noProxy?: string;
  readonly node?: readonly string[];
}

/** `host:port` of the laboratory's Squid that wants NTLM, and of the one that wants nothing. */
export const squidNtlm = `127.0.0.1:${squidPorts.ntlm}`;
export const squidOpen = `127.0.0.1:${squidPorts.open}`;

/** `sallyport proxy` with its default settings. */
export async function startSallyport(stage: Stage, options: ProxyOptions = {}): Promise<RunningProxy> {
  const folder = temporaryFolder(stage);
  const password = join(folder, "password");
  writeFileSync(password, `${accounts.testuser}\n`, { mode: 0o600 });
  const { parents = [squidNtlm], signIn = true, noProxy, node = [] } = options;
  const measured = new Measured(
    process.execPath,
    [
      ...node,
      join(paths.root, "bin/sallyport"),
      ...["proxy", "--listen", "127.0.0.1:0", "--state-directory", join(folder, "state")],
      ...parents.flatMap((one) => ["--parent", `http://${one}`]),
      ...(signIn ? ["--username", "testuser", "--domain", "CORP", "--password-file", password] : []),
      ...(noProxy === undefined ? [] : ["--no-proxy", noProxy]),
    ],
    environment(),
  );
  stage.after(() => measured.end());
  const [, port] = await measured.says(/"msg":"listening"[^\n]*"address":"127\.0\.0\.1:(\d+)"/);
  return { process: measured, port: Number(port), end: () => measured.end() };
}

/** cntlm with the account's NTLMv2 hash, in the foreground. It cannot say which port it got, so one is chosen for it. */
export async function startCntlm(stage: Stage, options: ProxyOptions = {}): Promise<RunningProxy> {
  const { parents = [squidNtlm], signIn = true, noProxy } = options;
  const port = await freePort();
  const file = join(temporaryFolder(stage), "cntlm.conf");
  const lines = [
    ...["Username testuser", "Domain CORP"],
    ...(signIn ? ["Auth NTLMv2", `PassNTLMv2 ${cntlmHash()}`] : ["Password none"]),
    // It wants a parent even where nothing goes through one.
    ...(parents.length === 0 ? [squidNtlm] : parents).map((one) => `Proxy ${one}`),
    ...(noProxy === undefined ? [] : [`NoProxy ${noProxy}`]),
    `Listen 127.0.0.1:${port}`,
  ];
  writeFileSync(file, `${lines.join("\n")}\n`, { mode: 0o600 });
  const measured = new Measured("cntlm", ["-f", "-c", file], environment());
  stage.after(() => measured.end());
  const end = performance.now() + 10_000;
  while (!(await connects(port))) if (performance.now() > end) throw new Error(measured.output);
  return { process: measured, port, end: () => measured.end() };
}

function temporaryFolder(stage: Stage): string {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-bench-"));
  stage.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** No proxy variable of this machine, and nothing that the laboratory's tests add for their clients. */
function environment(): Record<string, string> {
  const { PATH = "", HOME = "", LANG = "" } = clientEnvironment();
  return { PATH, HOME, LANG };
}

function cntlmHash(): string {
  const args = ["-H", "-u", "testuser", "-d", "CORP", "-c", "/dev/null"];
  const ran = spawnSync("cntlm", args, { input: `${accounts.testuser}\n`, encoding: "utf8" });
  const found = /PassNTLMv2\s+([0-9A-F]{32})/.exec(ran.stdout ?? "");
  if (!found) throw new Error(`cntlm -H printed no hash: ${ran.error?.message ?? ran.stdout + ran.stderr}`);
  return found[1]!;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
