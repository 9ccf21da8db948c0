/** The tables of docs/variables.md, made by asking the rules themselves. */
import { type ClientName, clients } from "../src/routing/clients/clients.ts";
import { decideFor } from "../src/routing/clients/decide.ts";
import type { Variable } from "../src/routing/clients/variables.ts";

const p1 = "http://10.0.0.1:3128";
const p2 = "http://10.0.0.2:3128";

/** Which variables a client reads, and what it makes of their values. */
export function spellingTable(): string {
  return table({
    "lower case": (client) => reads(client, "https", [["https_proxy", p1]]),
    "upper case": (client) => reads(client, "https", [["HTTPS_PROXY", p1]]),
    HTTP_PROXY: (client) => reads(client, "http", [["HTTP_PROXY", p1]]),
    "of both": (client) => winner(client),
    "empty lower case": (client) => emptyLower(client),
    "https by http_proxy": (client) => reads(client, "https", [["http_proxy", p1]]),
    all_proxy: (client) => reads(client, "https", [["all_proxy", p1]]),
    "10.0.0.1:3128": (client) => value(client, "10.0.0.1:3128"),
    "proxy:3128": (client) => value(client, "proxy:3128"),
    "no port": (client) => portOf(client),
  });
}

/** Which entries of no_proxy a client understands. */
export function entriesTable(): string {
  const entry = (list: string, url: string) => (client: ClientName) => {
    const both: Variable[] = ["no_proxy", "NO_PROXY"].map((name) => [name, list]);
    const ignored = !clients.find((one) => one.name === client)!.readsVariables;
    return !ignored && ask(client, [...proxies, ...both], url).decision === "direct" ? "yes" : "";
  };
  return table({
    "`x.y`: x.y": entry("x.y", "https://x.y/"),
    "`x.y`: a.x.y": entry("x.y", "https://a.x.y/"),
    "`.x.y`: x.y": entry(".x.y", "https://x.y/"),
    "`.x.y`: a.x.y": entry(".x.y", "https://a.x.y/"),
    "`*.x.y`: a.x.y": entry("*.x.y", "https://a.x.y/"),
    "`x.y`: notx.y": entry("x.y", "https://notx.y/"),
    "`x.y:443`": entry("x.y:443", "https://x.y/"),
    "`10.1.2.3`": entry("10.1.2.3", "https://10.1.2.3/"),
    "`10.0.0.0/8`": entry("10.0.0.0/8", "https://10.1.2.3/"),
    "`fd00::1`": entry("fd00::1", "https://[fd00::1]/"),
    "`[fd00::1]`": entry("[fd00::1]", "https://[fd00::1]/"),
    "`*`": entry("*", "https://x.y/"),
    "`a,*`": entry("a,*", "https://x.y/"),
    "`a, x.y`": entry("a, x.y", "https://x.y/"),
    "`a x.y`": entry("a x.y", "https://x.y/"),
    "loopback unlisted": entry("", "https://127.0.0.1/"),
  });
}

const proxies: Variable[] = ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"].map((name) => [
  name,
  p1,
]);

function ask(client: ClientName, variables: readonly Variable[], url: string) {
  return decideFor(client, [["NODE_USE_ENV_PROXY", "1"], ...variables], url);
}

function reads(client: ClientName, scheme: string, variables: Variable[]): string {
  return ask(client, variables, `${scheme}://example.com/`).decision === "proxy" ? "yes" : "";
}

/** In http, which all of them read; npm by its order, which `env` and this give as lower, then upper. */
function winner(client: ClientName): string {
  const of = (variables: Variable[]) => ask(client, variables, "http://example.com/").proxy;
  const [lower, upper]: [Variable, Variable] = [
    ["http_proxy", p1],
    ["HTTP_PROXY", p2],
  ];
  const [first, second] = [of([lower, upper]), of([upper, lower])];
  if (first === null) return "";
  if (first !== second) return "last";
  return first === p1 ? "lower" : "UPPER";
}

/** In https where the client reads that, else in http. */
function emptyLower(client: ClientName): string {
  for (const scheme of ["https", "http"]) {
    const [lower, upper] = [`${scheme}_proxy`, `${scheme.toUpperCase()}_PROXY`];
    if (reads(client, scheme, [[upper, p2]]) === "") continue;
    const both: Variable[] = [
      [lower, ""],
      [upper, p2],
    ];
    return reads(client, scheme, both) === "" ? "hides upper" : "is unset";
  }
  return "";
}

function value(client: ClientName, text: string): string {
  const { decision } = ask(client, [["http_proxy", text]], "http://example.com/");
  if (!clients.find((one) => one.name === client)!.readsVariables) return "";
  return { proxy: "yes", direct: "goes direct", error: "**fails**" }[decision];
}

function portOf(client: ClientName): string {
  const variables: Variable[] = ["http_proxy", "https_proxy"].map((name) => [name, "http://proxy"]);
  const ports = ["http", "https"].map(
    (scheme) => /:(\d+)$/.exec(ask(client, variables, `${scheme}://example.com/`).proxy ?? "")?.[1],
  );
  return [...new Set(ports)].filter((port) => port !== undefined).join(", ");
}

function table(columns: Record<string, (client: ClientName) => string>): string {
  const names = Object.keys(columns);
  return [
    `| client | ${names.join(" | ")} |`,
    `|---|${names.map(() => "---|").join("")}`,
    ...clients.map(({ name, version }) => {
      const cells = names.map((column) => columns[column]!(name));
      const of = name === "git" ? " with libcurl" : "";
      return `| ${`${name}${of} ${version}`.trim()} | ${cells.join(" | ")} |`;
    }),
  ].join("\n");
}
