import { actionsHttpClientDialect } from "./actions-http-client.ts";
import { decideActionsRunner } from "./actions-runner.ts";
import { aptDialect } from "./apt.ts";
import { curlDialect, gitDialect } from "./curl.ts";
import { type ClientDecision, type Dialect, decideBy, direct } from "./dialect.ts";
import { decideGo } from "./go.ts";
import { decideInNode } from "./node.ts";
import { decideNodeHttp } from "./node-http.ts";
import { npmDialect } from "./npm.ts";
import { botocoreDialect, requestsDialect, requestsInPip, urllibDialect } from "./python.ts";
import { rubyDialect } from "./ruby.ts";
import { decideSallyport } from "./sallyport.ts";
import type { Target } from "./target.ts";
import { decideUndici, undiciGrammar } from "./undici.ts";
import type { Variables } from "./variables.ts";
import { atLeast } from "./versions.ts";
import { wgetDialect } from "./wget.ts";

/** A program or library that reads the proxy variables in its own way. */
export interface Client {
  /** As `explain --json` calls it: scripts rely on it. */
  readonly name: string;
  readonly title: string;
  /** The one the rules were measured with, and the default. */
  readonly version: string;
  /** False when no variable makes it use a proxy: it cannot agree with the others. */
  readonly readsVariables: boolean;
  readonly decide: (variables: Variables, target: Target, version: string) => ClientDecision;
}

/** All clients that are known, in the order of the tables. */
export const clients = [
  client("curl", "curl", "7.88.1", (version) => curlDialect(version)),
  // Its version is that of libcurl, which decides.
  client("git", "git (libcurl)", "7.88.1", (version) => gitDialect(version)),
  client("wget", "GNU Wget", "1.21.3", () => wgetDialect),
  decider("go", "programs in Go", "1.26", decideGo),
  decider("docker-cli", "Docker's command line", "28.2.2", decideGo),
  decider("dockerd", "the Docker daemon", "28.2.2", decideGo),
  client("python-urllib", "Python urllib", "3.11", () => urllibDialect),
  client("python-requests", "Python requests", "2.34.0", (version) => requestsDialect(version)),
  client("pip", "pip", "23.2", (version) => requestsDialect(requestsInPip(version))),
  client("botocore", "botocore, AWS CLI", "1.43", () => botocoreDialect),
  ignorer("node20-fetch", "Node.js 20 fetch", "20", "Node.js 20 reads no proxy variables"),
  decider("node22-fetch", "Node.js 22 fetch", "22.23.3", decideNodeFetch),
  decider("node24-fetch", "Node.js 24 fetch", "24.21.0", decideNodeFetch),
  decider("node24-http", "Node.js 24 http.get", "24.21.0", (variables, target) =>
    decideInNode(variables, () => decideNodeHttp(variables, target)),
  ),
  decider("undici", "undici EnvHttpProxyAgent", "7.30.0", (variables, target, version) =>
    decideUndici(variables, target, undiciGrammar(version)),
  ),
  client("npm", "npm", "11.19.0", () => npmDialect),
  client("ruby", "Ruby Net::HTTP", "3.1", () => rubyDialect),
  ignorer(
    "java",
    "Java",
    "17",
    "Java reads no proxy variables, only system properties (-Dhttps.proxyHost and others)",
  ),
  client("apt", "apt", "2.6.1", () => aptDialect),
  decider("actions-runner", "GitHub Actions runner", "", decideActionsRunner),
  client("actions-http-client", "@actions/http-client", "2.2.3", () => actionsHttpClientDialect),
  decider("sallyport", "Sallyport", "", decideSallyport),
] as const satisfies readonly Client[];

export type ClientName = (typeof clients)[number]["name"];

function client<Name extends string>(
  name: Name,
  title: string,
  version: string,
  dialect: (version: string) => Dialect,
) {
  return decider(name, title, version, (variables, target, of) => decideBy(dialect(of), variables, target));
}

function decider<Name extends string>(name: Name, title: string, version: string, decide: Client["decide"]) {
  return { name, title, version, readsVariables: true, decide };
}

function ignorer<Name extends string>(name: Name, title: string, version: string, why: string) {
  return { name, title, version, readsVariables: false, decide: () => direct(why) };
}

/** The grammar of no_proxy changed with undici 7.21, which came into Node.js 24 after 24.13 and not into 22. */
function decideNodeFetch(variables: Variables, target: Target, version: string): ClientDecision {
  const grammar = atLeast(version, "24.14") ? "dots aside" : "dots count";
  return decideInNode(variables, () => decideUndici(variables, target, grammar));
}
