import { domainToASCII } from "node:url";
import { ConfigError } from "../core/errors.ts";
import { parseAddress, parseNetwork } from "./addresses.ts";
import type { ClientName } from "./clients/clients.ts";
import { type DecisionOfClient, decideForAll, readers } from "./clients/decide.ts";
import type { Variable, Variables } from "./clients/variables.ts";
import { parseNoProxy } from "./no-proxy.ts";

/**
 * The proxy variables in the form that means the same to every client: both cases, equal; a scheme and a port always; a
 * name as `name,.name`; an IPv6 address with and without brackets; lower case, commas only. With them this host's
 * loopback, the clouds' metadata addresses and docker-in-docker's names go direct.
 * @throws ConfigError when some client would refuse the proxy or pass over it, or an entry can never match
 */
export function normaliseVariables(wanted: WantedProxy): NormalisedVariables {
  const warnings: string[] = [];
  const http = withSchemeAndPort(wanted.http, warnings);
  const https = wanted.https === wanted.http ? http : withSchemeAndPort(wanted.https, warnings);
  refuseBadProxy(http, https);
  const entries = readEntries(wanted.noProxy);
  // A star counts only alone: curl, Python and Node.js do not see it in a list.
  const list = entries.includes("*") ? ["*"] : [...alwaysDirect, ...entries.flatMap(expandEntry)];
  const noProxy = [...new Set(list)].join(",");
  const variables = bothCases({ http_proxy: http, https_proxy: https, no_proxy: noProxy });
  if (http !== https)
    warnings.push(
      "http_proxy and https_proxy differ: Ruby takes http_proxy for https as well, and npm takes https_proxy for http",
    );
  for (const entry of entries) warnings.push(...warnOfEntry(entry, variables));
  return { variables, warnings };
}

export interface WantedProxy {
  /** As somebody wrote them: `http://host:port`, also without scheme or port. */
  readonly http: string;
  readonly https: string;
  /** Entries as `no_proxy` takes them, between commas or blanks. */
  readonly noProxy: string;
}

export interface NormalisedVariables {
  /** `http_proxy`, `HTTP_PROXY`, `https_proxy`, `HTTPS_PROXY`, `no_proxy`, `NO_PROXY`. */
  readonly variables: Variables;
  /** Sentences without last stop: which entries some clients do not understand, and which clients. */
  readonly warnings: readonly string[];
}

/** What no proxy can reach for this host, or must not. Docker's names with their ports for clients that want them. */
const alwaysDirect = [
  ...["localhost", "127.0.0.1", "::1", "[::1]"],
  ...["docker", "docker:2375", "docker:2376"],
  // Metadata: the credentials of this machine, of an ECS task, and of this machine over IPv6.
  ...["169.254.169.254", "169.254.170.2", "fd00:ec2::254", "[fd00:ec2::254]"],
];

function bothCases(values: Record<string, string>): Variable[] {
  return Object.entries(values).flatMap(([name, value]): Variable[] => [
    [name, value],
    [name.toUpperCase(), value],
  ]);
}

/** Without a port curl takes 1080 and urllib the port of the request, so 80 or 443 is written, as most take it. */
function withSchemeAndPort(value: string, warnings: string[]): string {
  const text = value.trim();
  const [, scheme = "http", authority = "", rest = ""] =
    /^(?:([a-z][a-z\d+.-]*):\/\/)?(.*?)(\/?)$/is.exec(text) ?? [];
  const host = authority.slice(authority.lastIndexOf("@") + 1);
  if (host === "" || /:\d+$/.test(host) || /[/?#]/.test(authority))
    return `${scheme.toLowerCase()}://${authority}${authority === "" ? rest : ""}`;
  const port = scheme.toLowerCase() === "https" ? 443 : 80;
  warnings.push(`the proxy ${host} has no port, for which clients take different ones: ${port} is written`);
  return `${scheme.toLowerCase()}://${authority.replace(/:$/, "")}:${port}`;
}

/** Asks every client: a proxy that one of them refuses, or reads as another, is not written. */
function refuseBadProxy(http: string, https: string): void {
  const variables = bothCases({ http_proxy: http, https_proxy: https });
  for (const url of ["http://sallyport.invalid/", "https://sallyport.invalid/"]) {
    const problem = problemOfProxy(decideReaders(variables, url), http === https);
    if (problem === undefined) continue;
    const encode = /@/.test(http + https)
      ? " Characters of the user or password that are no letters and digits are written %40 for @, %23 for #, %25 for %, and so on."
      : "";
    throw new ConfigError(`The proxy cannot be written, because ${problem}.`, {
      hint: `Write http://host:port.${encode}`,
    });
  }
}

/** What all clients do that read the variables, those of Node.js among them. */
function decideReaders(variables: Variables, url: string): DecisionOfClient[] {
  return readers(decideForAll([["NODE_USE_ENV_PROXY", "1"], ...variables], url));
}

function problemOfProxy(decisions: readonly DecisionOfClient[], same: boolean): string | undefined {
  const refusing = decisions.filter(({ decision }) => decision === "error");
  if (refusing.length > 0) return `${names(refusing)} would refuse it: ${refusing[0]!.rule}`;
  const passing = decisions.filter(({ decision }) => decision === "direct");
  if (passing.length > 0) return `${names(passing)} would go direct without a word: ${passing[0]!.rule}`;
  const places = new Set(decisions.map(({ proxy }) => proxy));
  if (!same || places.size === 1) return undefined;
  return `clients would read different proxies out of it: ${[...places].join(" and ")}`;
}

function names(decisions: readonly { readonly client: ClientName }[]): string {
  const all = decisions.map(({ client }) => client);
  return all.length < 2 ? all.join("") : `${all.slice(0, -1).join(", ")} and ${all.at(-1)}`;
}

function readEntries(text: string): string[] {
  const list = parseNoProxy(text);
  if (list.problems.length > 0)
    throw new ConfigError(list.problems.join("\n"), { hint: "Correct the list, or leave the entry out." });
  return [...new Set(list.entries.map((entry) => plainly(entry.text)))];
}

/** Lower case, without the root's dot, other scripts in their ASCII form (RFC 5891), which is what most clients compare. */
function plainly(entry: string): string {
  const text = entry.toLowerCase().replace(/(?<=[^.])\.$/, "");
  return /[^\0-\x7f]/.test(text) ? domainToASCII(text) || text : text;
}

/** `corp.example`, `.corp.example` and `*.corp.example` are `corp.example,.corp.example`; the rest stays. */
function expandEntry(entry: string): string[] {
  if (entry === "*" || parseNetwork(entry)?.text === undefined) return expandName(entry);
  const address = parseAddress(entry);
  return address?.family === 6 ? [address.text, `[${address.text}]`] : [entry];
}

function expandName(entry: string): string[] {
  if (entry === "*" || /[:/]/.test(entry)) return [entry];
  const name = entry.replace(/^\*?\./, "");
  return name.includes(".") || entry !== name ? [name, `.${name}`] : [name];
}

/** Tries what the entry is for, and names the clients that would go to the proxy all the same. */
function warnOfEntry(entry: string, variables: Variables): string[] {
  const deaf = new Set<ClientName>();
  for (const url of examples(entry)) {
    for (const { client, decision } of decideReaders(variables, url))
      if (decision !== "direct") deaf.add(client);
  }
  const warnings: string[] = [];
  if (/^\*?\./.test(entry) && !entry.includes(":"))
    warnings.push(
      `"${entry}" is written with ${entry.replace(/^\*?\./, "")} before it, because some clients take it for that name as well`,
    );
  if (deaf.size > 0) warnings.push(`"${entry}" is not understood by ${[...deaf].join(", ")}`);
  return warnings;
}

/** URLs that the entry is meant for. */
function examples(entry: string): string[] {
  if (entry === "*") return ["https://sallyport.invalid/"];
  const [, subject = entry, port] = /^(\[.*\](?:\/\d+)?|[^:]*):(\d+)$/.exec(entry) ?? [];
  const network = parseNetwork(subject.replace(/^\[(.*\/\d+)\]$/, "$1"));
  const at = port ? `:${port}` : "";
  if (network) return [`https://${network.family === 6 ? `[${network.text}]` : network.text}${at}/`];
  const name = subject.replace(/^\*?\./, "");
  const below = `https://sub.${name}${at}/`;
  return name === subject && !name.includes(".")
    ? [`https://${name}${at}/`]
    : [`https://${name}${at}/`, below];
}
