/**
 * What the laboratory's tests share: where things are, how to run a real client, and how to count what
 * the company's proxies and domain controllers saw. `lab/README.md` says what there is.
 */
import { spawn } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const corp = process.env.CORP_LAB ?? "/var/tmp/corp-lab";
const docker = process.env.DOCKER_LAB ?? "/var/tmp/docker-lab";

/** Files and folders. */
export const paths = {
  root,
  corp,
  docker,
  /** The authority that signed the certificates of all the company's servers. */
  authority: join(corp, "etc/ca.pem"),
  kerberosConfiguration: join(corp, "krb5.conf"),
  dockerSocket: join(docker, "docker.sock"),
} as const;

/** The company's proxies: the port of each on 127.0.0.1, and on 10.77.3.1 for containers. */
export const squidPorts = {
  open: 3130,
  ntlm: 3131,
  kerb: 3132,
  basic: 3133,
  digest: 3134,
  legacy: 3135,
  multi: 3136,
} as const;
export type SquidName = keyof typeof squidPorts;

/** cntlm itself, in front of the NTLM proxy. */
export const cntlmUrl = "http://127.0.0.1:3228";

/** The address of one of the company's proxies, as a client of it writes it. */
export function squidUrl(name: SquidName, host = "127.0.0.1"): string {
  return `http://${host}:${squidPorts[name]}`;
}

/** People with an account in both domains, CORP and LEGACY. */
export const accounts = {
  testuser: "S3cret-pass",
  uniuser: "Pä55wörd-ñ€",
  jürgen: "Grüße-1234",
  other: "0ther-Pass!",
} as const;

export interface Ran {
  /** Exit status; null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly cwd?: string;
  /** Milliseconds, then SIGKILL. */
  readonly timeout?: number;
}

/** Runs a program to its end. It sees none of this machine's proxy variables and trusts the company's authority. */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...clientEnvironment(), ...options.env },
    stdio: ["pipe", "pipe", "pipe"],
    timeout: options.timeout ?? 60_000,
    killSignal: "SIGKILL",
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  child.stdin.on("error", () => {}); // it may end before it has read its input
  child.stdin.end(options.input ?? "");
  return await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

/** Little is handed on: a proxy or certificate variable of this machine would change what a client does. */
export function clientEnvironment(): Record<string, string> {
  return {
    PATH: process.env.PATH ?? "/usr/local/bin:/usr/bin:/bin",
    HOME: join(corp, "run"),
    LANG: "C.UTF-8",
    CURL_CA_BUNDLE: paths.authority,
    GIT_SSL_CAINFO: paths.authority,
    NODE_EXTRA_CA_CERTS: paths.authority,
    GIT_TERMINAL_PROMPT: "0",
    KRB5_CONFIG: paths.kerberosConfiguration,
    DOCKER_HOST: `unix://${paths.dockerSocket}`,
    DOCKER_CONFIG: join(docker, "client"),
    CORP_LAB: corp,
    DOCKER_LAB: docker,
  };
}

export interface Fetched {
  /** The origin's answer, or a proxy's to a request without a tunnel; 0 when there was none. */
  readonly status: number;
  /** The proxy's answer to CONNECT; 0 when there was none. */
  readonly connect: number;
  readonly body: string;
  readonly stderr: string;
}

/** Fetches with the real curl. */
export async function curl(...args: readonly string[]): Promise<Fetched> {
  const marker = "\n#curl ";
  const ran = await run("curl", [
    ...["--silent", "--show-error", "--max-time", "30"],
    ...["--write-out", `${marker}%{http_code} %{http_connect}`],
    ...args,
  ]);
  const at = ran.stdout.lastIndexOf(marker);
  const [status = 0, connect = 0] = ran.stdout
    .slice(at + marker.length)
    .split(" ")
    .map(Number);
  return { status, connect, body: ran.stdout.slice(0, at), stderr: ran.stderr };
}

/** One line of a Squid's access log. Squid writes it when the request or the tunnel has ended. */
export interface SquidLine {
  /** The client's address and port: one TCP connection. */
  readonly client: string;
  /** TCP_TUNNEL, TCP_DENIED, TCP_MISS … */
  readonly result: string;
  readonly status: number;
  readonly method: string;
  readonly url: string;
  /** As the proxy knows the signed-in user; "-" for nobody. */
  readonly user: string;
}

/** Watches the access log of one Squid from now on. */
export function watchSquid(name: SquidName) {
  const file = join(corp, "logs/squid", `${name}.access`);
  const start = statSync(file).size;
  const lines = () =>
    readFileSync(file).subarray(start).toString("utf8").split("\n").filter(Boolean).map(parseSquidLine);
  return {
    /** What was logged since. */
    lines,
    /** How many TCP connections were used. */
    connections: () => new Set(lines().map((line) => line.client)).size,
    /** How many requests were answered with 407. */
    refusals: () => lines().filter((line) => line.status === 407).length,
    /** Waits (five seconds at the most) until what was logged is as wanted; gives it either way. */
    async until(wanted: (lines: SquidLine[]) => boolean): Promise<SquidLine[]> {
      for (const end = performance.now() + 5000; performance.now() < end && !wanted(lines()); )
        await delay(20);
      return lines();
    },
  };
}

function parseSquidLine(line: string): SquidLine {
  const [, , client = "", outcome = "", , method = "", url = "", user = ""] = line.trim().split(/\s+/);
  const [result = "", status] = outcome.split("/");
  return { client, result, status: Number(status), method, url, user };
}

/**
 * Logons that the domain controller has refused since its start: take the number before and after.
 * dc1 is CORP.TEST, dc2 is LEGACY.TEST.
 */
export async function failedLogons(controller: "dc1" | "dc2" = "dc1"): Promise<number> {
  const ran = await run(join(root, "lab/corp/failed-logons.sh"), [controller]);
  if (ran.code !== 0) throw new Error(`failed-logons.sh: ${ran.stderr}`);
  return Number(ran.stdout);
}

/** Starts or restarts the engine so that its pulls use this proxy; none given: the dead one it starts with. */
export async function engineWithProxy(proxy?: string): Promise<void> {
  const ran = await run(join(root, "lab/docker/engine.sh"), ["start"], {
    env: proxy === undefined ? {} : { DOCKERD_PROXY: proxy },
  });
  if (ran.code !== 0) throw new Error(`engine.sh: ${ran.stderr}`);
}
