import { existsSync } from "node:fs";
import { networkInterfaces } from "node:os";
import type { ListenAddress } from "../config/settings.ts";
import { ConfigError, UsageError } from "../core/errors.ts";
import { lookUp, type Variables } from "../routing/clients/variables.ts";
import { passwordsIn } from "../routing/mask.ts";
import { normaliseVariables, type WantedProxy } from "../routing/normalise.ts";
import { targets, type VariablesTarget } from "../routing/write-variables.ts";
import type { CommandCall } from "./command.ts";

/** `sallyport env`: variables that mean the same to every client, for the place where they are to be set. */
export async function run(call: CommandCall): Promise<number> {
  const target = readTarget(call.options);
  const wanted = await findProxy(call);
  refusePassword(wanted, call.options);
  const { variables, warnings } = normaliseVariables(wanted);
  for (const warning of warnings) call.err.write(`sallyport: warning: ${warning}.\n`);
  call.out.write(targets[target](variables));
  return 0;
}

function readTarget(options: CommandCall["options"]): VariablesTarget {
  const names = Object.keys(targets) as VariablesTarget[];
  const given = names.filter((name) => options[name === "gitlab-ci" ? "gitlabCi" : name] === true);
  if (given.length > 1)
    throw new UsageError(
      `Only one form can be printed, not ${given.map((name) => `--${name}`).join(" and ")}.`,
      {
        hint: "Run sallyport env once for each.",
      },
    );
  return given[0] ?? "shell";
}

/** `--proxy`, else sallyport.toml, else the environment. `--no-proxy` adds to what comes with the last two. */
async function findProxy({ options, env }: CommandCall): Promise<WantedProxy> {
  const proxy = options.proxy as string | undefined;
  const more = (options.noProxy as string | undefined) ?? "";
  if (proxy !== undefined) {
    if (proxy.includes("@"))
      throw new UsageError(
        "--proxy holds a user or a password, which others on this host could read there.",
        {
          hint: "Point the clients to Sallyport, which signs in for them: --proxy http://127.0.0.1:3128",
        },
      );
    return { http: proxy, https: proxy, noProxy: more };
  }
  const wanted = (await fromFile(options.config as string | undefined, env)) ?? fromEnvironment(env);
  if (wanted) return { ...wanted, noProxy: `${wanted.noProxy},${more}` };
  throw new ConfigError("There is no proxy to write: no --proxy, no sallyport.toml and no proxy variable.", {
    hint: "Name it: sallyport env --proxy http://127.0.0.1:3128",
  });
}

const defaultFile = "/etc/sallyport/sallyport.toml";

/** The first listener that is reached by address. The reader of TOML is loaded only when there is a file. */
async function fromFile(named: string | undefined, env: NodeJS.ProcessEnv): Promise<WantedProxy | undefined> {
  const path = named ?? (existsSync(defaultFile) ? defaultFile : undefined);
  if (path === undefined) return undefined;
  const { readForClients } = await import("../config/for-clients.ts");
  const { listen, noProxy } = readForClients(path, env);
  const url = listen.map(urlOf).find((one) => one !== undefined);
  if (url !== undefined) return { http: url, https: url, noProxy };
  throw new ConfigError(`${path}: none of its listeners has an address now.`, {
    hint: "Name the address that clients are to use: --proxy http://172.17.0.1:3128",
  });
}

/** A listener on all addresses is reached here by loopback; clients in general know no Unix sockets. */
function urlOf(listen: ListenAddress): string | undefined {
  if (listen.kind === "unix") return undefined;
  const host = listen.kind === "interface" ? addressOf(listen.name) : listen.host;
  if (host === undefined) return undefined;
  const reachable = /^(|0\.0\.0\.0|::)$/.test(host) ? "127.0.0.1" : host;
  return `http://${reachable.includes(":") ? `[${reachable}]` : reachable}:${listen.port}`;
}

function addressOf(name: string): string | undefined {
  const addresses = networkInterfaces()[name] ?? [];
  return (addresses.find(({ family }) => family === "IPv4") ?? addresses[0])?.address;
}

/** A proxy that is named for one scheme only is written for both. */
function fromEnvironment(env: NodeJS.ProcessEnv): WantedProxy | undefined {
  const variables: Variables = Object.entries(env).map(([name, value]) => [name, value ?? ""] as const);
  const http = ["http_proxy", "HTTP_PROXY"];
  const https = ["https_proxy", "HTTPS_PROXY"];
  const forHttp = lookUp(variables, [...http, ...https], "is unset")?.value;
  const forHttps = lookUp(variables, [...https, ...http], "is unset")?.value;
  if (forHttp === undefined || forHttps === undefined) return undefined;
  const noProxy = lookUp(variables, ["no_proxy", "NO_PROXY"], "is unset")?.value ?? "";
  return { http: forHttp, https: forHttps, noProxy };
}

/** A masked password would be a wrong one, and wrong ones lock an account: either it is wanted, or nothing is written. */
function refusePassword({ http, https }: WantedProxy, options: CommandCall["options"]): void {
  if (passwordsIn([http, https]).length === 0 || options.withPassword === true) return;
  throw new ConfigError("The proxy in the environment holds a password, which would be printed.", {
    hint: "Point the clients to Sallyport, which signs in for them (--proxy http://127.0.0.1:3128), or add --with-password.",
  });
}
