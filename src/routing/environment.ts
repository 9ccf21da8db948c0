import { ConfigError } from "../core/errors.ts";
import { Secret } from "../core/secret.ts";
import { isLoopback, parseAddress } from "./addresses.ts";

/**
 * What `http_proxy`, `https_proxy` and `no_proxy` mean, as the GitHub Actions runner reads them (ADR 0263 and
 * RunnerWebProxy.cs): lower case first, upper case when that is unset or empty; `https` never falls back to
 * `http_proxy`; a value without scheme gets `http://`; loopback always goes direct; IP addresses in `no_proxy`
 * do nothing. Never throws: what Sallyport cannot use is in `problems`, and goes to the proxy, never direct.
 */
export function proxyFromEnvironment(env: Environment): EnvironmentProxies {
  const warnings: string[] = [];
  const problems: ConfigError[] = [];
  const [http, https] = (["http_proxy", "https_proxy"] as const).map((name) => {
    const found = lookUp(env, name);
    warnings.push(...differingSpellings(env, name));
    return found && readProxy(found.variable, found.value.trim(), warnings, problems);
  });
  // Without a proxy the runner does not read no_proxy at all.
  const bypass = http || https ? readBypass(env, warnings) : [];
  return {
    ...(http && { http }),
    ...(https && { https }),
    warnings,
    problems,
    decide: (url) => decide(url, { http, https }, bypass),
  };
}

export type Environment = Readonly<Record<string, string | undefined>>;

export interface EnvironmentProxies {
  /** For http URLs. */
  readonly http?: EnvironmentProxy;
  /** For https URLs and CONNECT. */
  readonly https?: EnvironmentProxy;
  readonly decide: (url: DecidedUrl) => EnvironmentDecision;
  /** One sentence each, without userinfo and last stop. */
  readonly warnings: readonly string[];
  /** To be thrown at the start when the variables are relied on: a proxy that Sallyport cannot use yet. */
  readonly problems: readonly ConfigError[];
}

export interface EnvironmentProxy {
  /** The variable it came from. */
  readonly variable: string;
  /** `http`, or one that is in `problems`. */
  readonly scheme: string;
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: Secret<string>;
}

export interface DecidedUrl {
  readonly scheme: "http" | "https";
  readonly host: string;
  readonly port: number;
}

export type EnvironmentDecision =
  | { readonly proxy: EnvironmentProxy; readonly rule: string }
  | { readonly direct: true; readonly rule: string };

function lookUp(env: Environment, name: string): { variable: string; value: string } | undefined {
  for (const variable of [name, name.toUpperCase()]) {
    const value = env[variable];
    if (value !== undefined && value !== "") return { variable, value };
  }
  return undefined;
}

function readProxy(
  variable: string,
  value: string,
  warnings: string[],
  problems: ConfigError[],
): EnvironmentProxy | undefined {
  if (value === "") return undefined;
  const foreign = /^([a-z][a-z\d+.-]*):\/\//i.exec(value)?.[1]?.toLowerCase();
  const url = parseUrl(foreign ? value.replace(/^[^:]*/, "http") : `http://${value}`);
  if (url === undefined) {
    warnings.push(
      `${variable} is not a URL that can be understood, so it counts as unset: requests go direct`,
    );
    return undefined;
  }
  const scheme = foreign ?? "http";
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  // Not url.port, which is empty for `:80` under any scheme read as http.
  const port = Number(/:(\d+)$/.exec(authorityOf(value))?.[1] ?? defaultPorts[scheme] ?? 80);
  if (scheme !== "http") problems.push(unusable(variable, scheme, `${url.hostname}:${port}`));
  return { variable, scheme, host, port, ...readUserinfo(value) };
}

const defaultPorts: Record<string, number> = {
  http: 80,
  https: 443,
  socks: 1080,
  socks4: 1080,
  socks5: 1080,
};

function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

function unusable(variable: string, scheme: string, where: string): ConfigError {
  return new ConfigError(
    `${variable} names a proxy that is reached by ${scheme}:// (${where}), which this version of Sallyport cannot do`,
    { hint: `Set ${variable} to an http:// proxy, or name a parent in sallyport.toml or with --parent.` },
  );
}

/** `user:password@host:port` of a URL or of a value without scheme. */
function authorityOf(value: string): string {
  return /^(?:[a-z][a-z\d+.-]*:\/\/)?([^/?#]*)/i.exec(value)![1]!;
}

/** The runner decodes the whole userinfo before it splits it at the first colon. */
function readUserinfo(value: string): { username?: string; password?: Secret<string> } {
  const authority = authorityOf(value);
  const at = authority.lastIndexOf("@");
  if (at <= 0) return {};
  const userinfo = decode(authority.slice(0, at));
  const colon = userinfo.indexOf(":");
  if (colon === -1) return { username: userinfo };
  const [username, password] = [userinfo.slice(0, colon), userinfo.slice(colon + 1)];
  return { username, ...(password !== "" && { password: new Secret(password) }) };
}

/** Percent-decoding that leaves alone what is no valid escape, as .NET does. */
function decode(text: string): string {
  return text.replace(/(?:%[\da-f]{2})+/gi, (escapes) => {
    try {
      return decodeURIComponent(escapes);
    } catch {
      return escapes;
    }
  });
}

interface Bypass {
  readonly text: string;
  readonly host: string;
  readonly port: string | undefined;
}

function readBypass(env: Environment, warnings: string[]): Bypass[] {
  const found = lookUp(env, "no_proxy");
  warnings.push(...differingSpellings(env, "no_proxy"));
  const entries = new Map<string, Bypass>();
  for (const word of found?.value.split(",") ?? []) {
    const text = word.trim();
    const [host = "", port] = text.split(":").filter((part) => part !== "");
    if (host === "" || entries.has(text.toLowerCase())) continue;
    // Literal IPv6 too: the runner cuts it at its first colon, and what is left would match strangers.
    const address = parseAddress(host) ?? parseAddress(text) ?? parseAddress(text.replace(/:\d+$/, ""));
    if (address || text.includes("/") || text.includes("["))
      warnings.push(ignoredAddress(found!.variable, text));
    else entries.set(text.toLowerCase(), { text, host: host.toLowerCase(), port });
  }
  return [...entries.values()];
}

function ignoredAddress(variable: string, text: string): string {
  return `${variable}: "${text}" has no effect, because the variable takes names only (as the Actions runner reads it); list addresses and networks in no_proxy of sallyport.toml`;
}

function decide(
  url: DecidedUrl,
  proxies: Readonly<Record<DecidedUrl["scheme"], EnvironmentProxy | undefined>>,
  bypass: readonly Bypass[],
): EnvironmentDecision {
  const proxy = proxies[url.scheme];
  if (proxy === undefined) return { direct: true, rule: `no ${url.scheme}_proxy in the environment` };
  const host = url.host.toLowerCase();
  const address = parseAddress(host);
  if (host === "localhost" || (address && isLoopback(address))) return { direct: true, rule: "loopback" };
  const entry = bypass.find((one) => bypasses(one, host, url.port));
  if (entry) return { direct: true, rule: `no_proxy: ${entry.text}` };
  return { proxy, rule: proxy.variable };
}

function bypasses(entry: Bypass, host: string, port: number): boolean {
  if (entry.host === "*") return true;
  if (entry.port !== undefined && entry.port !== String(port)) return false;
  if (entry.host.startsWith(".")) return host.endsWith(entry.host);
  return host === entry.host || host.endsWith(`.${entry.host}`);
}

/** Tools disagree on which spelling wins, so two values mean two ways out. Says where each leads, without userinfo. */
function differingSpellings(env: Environment, name: string): string[] {
  const [lower, upper] = [env[name], env[name.toUpperCase()]];
  if (!lower || !upper || lower.trim() === upper.trim()) return [];
  const wins = `${name} is used, but some tools take ${name.toUpperCase()}: give both the same value`;
  if (name === "no_proxy") return [`no_proxy and NO_PROXY differ; ${wins}`];
  const [a, b] = [whereTo(lower), whereTo(upper)];
  const how = a === b ? "differ" : `differ (${a} and ${b})`;
  return [`${name} and ${name.toUpperCase()} ${how}; ${wins}`];
}

/** Host and port alone: whatever else is in the value may be a secret. */
function whereTo(value: string): string {
  const bare = value.trim().replace(/^[a-z][a-z\d+.-]*:\/\//i, "");
  return parseUrl(`http://${bare}`)?.host ?? "not a URL";
}
