import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadSettings } from "../config/load.ts";
import { Secret } from "../core/secret.ts";
import { Events } from "../observe/events.ts";
import { ProxyServer } from "../proxy/server.ts";
import { startBlackHole } from "./black-hole.ts";
import { gitRepository } from "./git-repository.ts";
import { type DemoOrigin, startDemoOrigin } from "./origin.ts";
import { type DemoParent, startDemoParent } from "./parent.ts";

/** The embedded corporate network, and the real proxy in front of it. */
export interface DemoNetwork {
  /** Of this run only; removed by {@link DemoNetwork.stop}. */
  readonly folder: string;
  readonly certificateFile: string;
  readonly configFile: string;
  /** The text of that file. */
  readonly config: string;
  /** `127.0.0.1:PORT` of Sallyport. */
  readonly proxy: string;
  /** The first parent in the list, which fails. */
  readonly lost: { readonly address: string; readonly how: "swallows" | "refuses" };
  readonly parent: DemoParent;
  readonly origin: DemoOrigin;
  readonly server: ProxyServer;
  readonly events: Events;
  stop(): Promise<void>;
}

/** Names that the parent alone resolves, as it is with names outside of a company. */
export const originHost = "origin.demo.test";
export const countHost = "count.demo.test";
/** The account: made up, and good for nothing else. */
export const account = { username: "testuser", domain: "CORP", password: new Secret("S3cret-pass") };

/**
 * Starts it all on loopback. What has started is stopped again when a part fails.
 * @param port of the proxy; 0 takes a free one
 * @throws ListenError, ConfigError
 */
export async function startDemoNetwork(port: number): Promise<DemoNetwork> {
  const undo: (() => unknown)[] = [];
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const folder = await mkdtemp(join(tmpdir(), "sallyport-demo-"));
    undo.push(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
    const origin = await startDemoOrigin({ names: [originHost], files: repositoryFiles() });
    undo.push(() => origin.stop());
    const parent = await startDemoParent({
      users: new Map([[account.username, account.password]]),
      domain: account.domain,
      hosts: hostsOf(origin),
    });
    undo.push(() => parent.stop());
    const lost = await startLostParent();
    undo.push(() => lost.stop());

    const certificateFile = join(folder, "origin.pem");
    const configFile = join(folder, "sallyport.toml");
    const config = configFor({ port, folder, parents: [lost.address, parent.address] });
    await writeFile(certificateFile, origin.certificate);
    await writeFile(join(folder, "password"), `${account.password.reveal()}\n`, { mode: 0o600 });
    await writeFile(configFile, config);
    const { settings } = loadSettings({ file: configFile, env: {} });
    const events = new Events();
    const server = new ProxyServer(settings, events, {});
    undo.push(() => server.end());
    await server.start();
    const [proxy = ""] = server.addresses();
    return { folder, certificateFile, configFile, config, proxy, lost, parent, origin, server, events, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A parent that swallows connections, as behind a firewall that drops; where that cannot be made, one that refuses. */
async function startLostParent(): Promise<DemoNetwork["lost"] & { stop(): Promise<void> }> {
  const hole = await startBlackHole().catch(() => undefined);
  if (hole) return { address: `127.0.0.1:${hole.port}`, how: "swallows", stop: () => hole.stop() };
  const parent = await startDemoParent({ behaviour: "refuse" });
  return { address: parent.address, how: "refuses", stop: () => parent.stop() };
}

function hostsOf(origin: DemoOrigin) {
  return new Map(
    [
      [`${originHost}:80`, origin.http.port] as const,
      [`${originHost}:443`, origin.https.port] as const,
      [`${countHost}:7`, origin.halfClosePort] as const,
    ].map(([name, port]) => [name, { host: "127.0.0.1", port }]),
  );
}

function repositoryFiles(): ReadonlyMap<string, Buffer> {
  const files = gitRepository("README", "Cloned through Sallyport.\n");
  return new Map([...files].map(([path, content]) => [`/hello.git/${path}`, content]));
}

function configFor(input: { port: number; folder: string; parents: readonly string[] }): string {
  // JSON's strings are TOML's basic strings.
  const path = (name: string) => JSON.stringify(join(input.folder, name));
  return `[proxy]
listen = ["127.0.0.1:${input.port}"]${input.port === 0 ? "   # 0: a free port" : ""}
${input.parents.map((address) => `\n[[proxy.parent]]\nurl = "http://${address}"\n`).join("")}
[identity]
username = "${account.username}"
domain = "${account.domain}"
password_file = ${path("password")}

[state]
directory = ${path("state")}
`;
}
