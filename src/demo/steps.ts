import { createHash, randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { AnswerError } from "../core/errors.ts";
import { account, countHost, type DemoNetwork, originHost } from "./network.ts";
import { getThroughTunnel, sendAndEnd } from "./node-client.ts";
import { runProgram } from "./programs.ts";

/** One thing that a client does through the proxy. */
export interface DemoStep {
  /** `curl`, `git` or `Node`. */
  readonly client: string;
  /** As a person would say or type it. */
  readonly request: string;
  /** @returns the result in a few words. @throws what went wrong */
  run(context: StepContext): Promise<string>;
}

export interface StepContext {
  readonly network: DemoNetwork;
  /** For programs: the proxy variables, and nothing of this host's own configuration. */
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/** What the demo shows, in this order: each step relies on the proxy alone, not on the one before. */
export const steps: readonly DemoStep[] = [
  {
    client: "curl",
    request: `GET http://${originHost}/small`,
    run: async (context) => expectText(await curl(context, `http://${originHost}/small`), "It works"),
  },
  {
    client: "curl",
    request: `GET https://${originHost}/small`,
    run: async (context) => expectText(await curl(context, `https://${originHost}/small`), "It works"),
  },
  { client: "curl", request: `PUT 1 MiB ${originHost}/echo`, run: upload },
  { client: "git", request: `clone ${originHost}/hello.git`, run: cloneRepository },
  { client: "Node", request: `GET https://${originHost}/echo`, run: whatTheOriginSees },
  { client: "Node", request: "20 tunnels at once", run: manyTunnels },
  { client: "Node", request: "20 more: the pool has followed", run: manyTunnels },
  { client: "Node", request: "a tunnel whose client ends first", run: halfClose },
];

/** The environment of programs that go through the proxy. */
export function programEnvironment(network: DemoNetwork, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const proxy = `http://${network.proxy}`;
  return {
    PATH: env.PATH,
    ...(env.SystemRoot === undefined ? {} : { SystemRoot: env.SystemRoot }),
    HOME: network.folder,
    LC_ALL: "C",
    http_proxy: proxy,
    https_proxy: proxy,
    no_proxy: "",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
  };
}

/** `-q`: without the user's own curlrc. */
async function curl({ network, env, signal }: StepContext, ...args: readonly string[]): Promise<string> {
  const common = ["curl", "-q", "--silent", "--show-error", "--fail", "--cacert", network.certificateFile];
  return await runProgram([...common, ...args], { env, signal });
}

async function upload(context: StepContext): Promise<string> {
  const content = randomBytes(1024 * 1024);
  const file = join(context.network.folder, "upload.bin");
  await writeFile(file, content);
  const told = echoed(await curl(context, "--upload-file", file, `http://${originHost}/echo`));
  const sum = createHash("sha256").update(content).digest("hex");
  if (told.body.length !== content.length || told.body.sha256 !== sum)
    throw new AnswerError(`The origin got ${told.body.length} bytes, and not those that were sent`);
  return "200, whole";
}

async function cloneRepository({ network, env, signal }: StepContext): Promise<string> {
  const into = join(network.folder, "hello");
  await runProgram(["git", "clone", "--quiet", `http://${originHost}/hello.git`, into], { env, signal });
  expectText(await readFile(join(into, "README"), "utf8"), "Cloned through Sallyport");
  return "cloned, 1 file";
}

/** The origin must see neither the credential nor anything else that is between the client and the parent. */
async function whatTheOriginSees({ network, signal }: StepContext): Promise<string> {
  const { proxy, origin } = network;
  const answer = await getThroughTunnel(proxy, `https://${originHost}/echo`, {
    ca: origin.certificate,
    signal,
  });
  const { headers } = echoed(answer.body);
  const leaked = Object.entries(headers).find(
    ([name, value]) => name.startsWith("proxy-") || String(value).includes(account.username),
  );
  if (leaked) throw new AnswerError(`The origin saw the header ${leaked[0]}, which was not for it`);
  return answer.status === 200 ? "nothing leaked" : `${answer.status}`;
}

async function manyTunnels({ network, signal }: StepContext): Promise<string> {
  const { proxy, origin } = network;
  const one = async () => {
    const answer = await getThroughTunnel(proxy, `https://${originHost}/small`, {
      ca: origin.certificate,
      signal,
    });
    return expectText(answer.body, "It works");
  };
  const all = await Promise.all(Array.from({ length: 20 }, one));
  return `${all.length} of 20 answered`;
}

async function halfClose({ network, signal }: StepContext): Promise<string> {
  const answer = await sendAndEnd(network.proxy, `${countHost}:7`, "x".repeat(100_000), signal);
  expectText(answer, "got 100000 bytes");
  return "it still got all";
}

function expectText(text: string, wanted: string): string {
  if (!text.includes(wanted))
    throw new AnswerError(`The answer was not the origin's: ${JSON.stringify(text.slice(0, 60))}`);
  return "200";
}

interface Echo {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: { readonly length: number; readonly sha256: string };
}

function echoed(text: string): Echo {
  try {
    return JSON.parse(text) as Echo;
  } catch (cause) {
    throw new AnswerError(`The answer was not the origin's: ${JSON.stringify(text.slice(0, 60))}`, { cause });
  }
}
