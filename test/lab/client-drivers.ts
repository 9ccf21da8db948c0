/** How each real client is made to request one URL under given variables. Only those that are installed count. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import type { ClientName } from "../../src/routing/clients/clients.ts";
import type { ProxyCase } from "./proxy-cases.ts";

export interface Driver {
  readonly client: ClientName;
  /** For decideFor. */
  readonly version: string;
  /** Cases that are worth their time: one process each, or one for all. */
  readonly cases: number;
  /** All that the client printed. */
  readonly request: (one: ProxyCase) => Promise<string>;
  readonly close?: () => void;
}

/** The clients of this machine. */
export function findDrivers(home: string): Driver[] {
  const base = { PATH: process.env.PATH!, HOME: home, LANG: "C.UTF-8" };
  const found: (Driver | undefined)[] = [
    program("curl", 150, /libcurl\/([\d.]+)/, base, ({ url }) => ["curl", "-sSk", "-m5", "-o/dev/null", url]),
    program("git", 100, /libcurl\/([\d.]+)/, base, ({ url }) => ["git", "ls-remote", `${url}x`], {
      ask: ["curl", "--version"],
      also: "git",
      env: { GIT_TERMINAL_PROMPT: "0", GIT_CONFIG_NOSYSTEM: "1", GIT_SSL_NO_VERIFY: "1" },
    }),
    program("wget", 150, /Wget ([\d.]+)/, base, ({ url }) => {
      return ["wget", "--no-config", "-nv", "-t1", "-T5", "--no-check-certificate", "-O/dev/null", url];
    }),
    program("docker-cli", 80, /Docker version ([\d.]+)/, base, dockerCommand, {
      ask: ["docker", "--version"],
    }),
    ...pythonDrivers(base),
    ...nodeDrivers(base),
    npmDriver(base),
    aptDriver(base),
  ];
  return found.filter((one) => one !== undefined);
}

type Environment = Readonly<Record<string, string>>;

interface ProgramOptions {
  readonly ask?: readonly string[];
  readonly also?: string;
  readonly env?: Environment;
}

function program(
  client: ClientName,
  cases: number,
  pattern: RegExp,
  base: Environment,
  command: (one: ProxyCase) => readonly string[],
  { ask = [client, "--version"], also, env = {} }: ProgramOptions = {},
): Driver | undefined {
  const version = pattern.exec(output(ask))?.[1];
  if (version === undefined || (also && output([also, "--version"]) === "")) return undefined;
  return { client, version, cases, request: (one) => runOnce(command(one), { ...base, ...env }, one) };
}

/** An engine is asked for its version; https is TLS to it. */
function dockerCommand({ url }: ProxyCase): readonly string[] {
  const [, scheme, authority] = /^(https?):\/\/(.*)\/$/.exec(url)!;
  const port = scheme === "https" ? ":443" : ":80";
  const host = /:\d+$/.test(authority!) ? authority : authority + port;
  const tls = scheme === "https" ? ["--tls", "--tlscacert=", "--tlscert=", "--tlskey="] : [];
  return ["docker", ...tls, "-H", `tcp://${host}`, "version"];
}

/** One process for each, which sets its own environment anew for every request. */
function pythonDrivers(base: Environment): (Driver | undefined)[] {
  const modules = [
    ["python-urllib", "import sys; print('.'.join(map(str, sys.version_info[:3])))"],
    ["python-requests", "import requests; print(requests.__version__)"],
    ["pip", "import pip, pip._vendor.requests; print(pip.__version__)"],
    ["botocore", "import botocore; print(botocore.__version__)"],
  ] as const;
  return modules.map(([client, ask]) => {
    const version = output(["python3", "-c", ask]).trim();
    if (version === "") return undefined;
    const child = spawn("python3", ["test/lab/python-clients.py"], {
      env: base,
      stdio: ["pipe", "pipe", "inherit"],
    });
    const answers = createInterface(child.stdout)[Symbol.asyncIterator]();
    const request = async ({ variables, url }: ProxyCase) => {
      child.stdin.write(`${JSON.stringify({ client, variables, url })}\n`);
      return JSON.parse((await answers.next()).value as string) as string;
    };
    return { client, version, cases: 300, request, close: () => child.stdin.end() };
  });
}

/** This Node.js, and those whose programs NODES names, separated by colons. */
function nodeDrivers(base: Environment): (Driver | undefined)[] {
  const programs = [process.execPath, ...(process.env.NODES ?? "").split(":").filter(Boolean)];
  return programs.flatMap((node) => {
    const version = output([node, "--version"]).trim().slice(1);
    const major = version.split(".")[0];
    const drive = (client: ClientName, cases: number, script: string): Driver => ({
      client,
      version,
      cases,
      request: (one) => runOnce([node, "-e", script, one.url], { ...base, NODE_USE_ENV_PROXY: "1" }, one),
    });
    const fetching = "fetch(process.argv[1]).catch((e) => console.log(e.message, e.cause))";
    const getting =
      "const u = process.argv[1]; require(new URL(u).protocol.slice(0, -1)).get(u, (r) => r.resume()).on('error', (e) => console.log(e))";
    if (major === "20") return [drive("node20-fetch", 20, fetching)];
    if (major === "22") return [drive("node22-fetch", 60, fetching)];
    if (major === "24") return [drive("node24-fetch", 60, fetching), drive("node24-http", 60, getting)];
    return [];
  });
}

/** The agent and the fetch inside npm: npm as a whole takes half a second a request. */
function npmDriver(base: Environment): Driver | undefined {
  const version = output(["npm", "--version"]).trim();
  const root = output(["npm", "root", "-g"]).trim();
  const inside = `${root}/npm/node_modules`;
  if (version === "" || !existsSync(`${inside}/@npmcli/agent`)) return undefined;
  const script = `const inside = (name) => require(${JSON.stringify(inside)} + "/" + name);
    const url = process.argv[1];
    (async () => inside("minipass-fetch")(url, { agent: inside("@npmcli/agent").getAgent(url) }))()
      .catch((e) => console.log(e)).finally(() => process.exit());`;
  return {
    client: "npm",
    version,
    cases: 80,
    request: (one) => runOnce([process.execPath, "-e", script, one.url], base, one),
  };
}

/** apt's own http method, asked over its standard input as apt does. */
function aptDriver(base: Environment): Driver | undefined {
  const methods = "/usr/lib/apt/methods";
  const version = /apt ([\d.]+)/.exec(output(["apt-get", "--version"]))?.[1];
  if (version === undefined || !existsSync(`${methods}/http`)) return undefined;
  const request = (one: ProxyCase) => {
    const method = `${methods}/${one.url.split(":")[0]}`;
    const settings =
      "601 Configuration\nConfig-Item: Acquire::Retries=0\nConfig-Item: APT::Sandbox::User=root\n\n";
    const message = `${settings}600 URI Acquire\nURI: ${one.url}x\nFilename: /dev/null\n\n`;
    return runOnce([method], base, one, message, /^[24]0\d .*(?:Failure|Done)/m);
  };
  return { client: "apt", version, cases: 80, request };
}

function output(command: readonly string[]): string {
  const ran = spawnSync(command[0]!, command.slice(1), { encoding: "utf8" });
  return ran.status === 0 ? ran.stdout : "";
}

/** Standard output and error together. It is ended when it has printed `last`. */
async function runOnce(
  command: readonly string[],
  base: Environment,
  one: ProxyCase,
  input?: string,
  last?: RegExp,
): Promise<string> {
  const env = { ...base, ...Object.fromEntries(one.variables) };
  const child: ChildProcess = spawn(command[0]!, command.slice(1), { env, timeout: 15_000 });
  let text = "";
  const add = (part: Buffer) => {
    text += part.toString();
    if (last?.test(text)) child.kill();
  };
  child.stdout!.on("data", add);
  child.stderr!.on("data", add);
  child.stdin!.on("error", () => {}); // it may end before it has read
  if (input === undefined) child.stdin!.end();
  else child.stdin!.write(input);
  return await new Promise((resolve) => {
    child.on("error", (error) => resolve(String(error)));
    child.on("close", () => resolve(text));
  });
}
