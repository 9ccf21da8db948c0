import { isLocalhostName } from "./addresses.ts";
import { matchCntlmNoProxy, parseCntlmNoProxy } from "./cntlm-no-proxy.ts";
import type { EnvironmentProxies, EnvironmentProxy } from "./environment.ts";
import { matchNoProxy, parseNoProxy } from "./no-proxy.ts";

/**
 * Where a request goes. In this order:
 * 1. the configuration's `no_proxy` matches: direct;
 * 2. parents are configured: to them, except that in Sallyport's own dialect `localhost` and names below it
 *    go direct, because a parent would take them for itself (RFC 6761, 6.3). Loopback addresses written as
 *    such follow `no_proxy` alone, and so does everything in cntlm's dialect, as with cntlm;
 * 3. none is: as the environment's variables say (see `proxyFromEnvironment`).
 *
 * Whether this client may reach that target is the gate's question, not this one's.
 */
export function decideRoute(table: RouteTable, target: RouteTarget): Route {
  const rule = table.noProxy(target.host, target.port);
  if (rule !== undefined) return { kind: "direct", rule: `no_proxy: ${rule}` };
  if (table.parents) {
    if (table.localhostDirect && isLocalhostName(target.host)) return { kind: "direct", rule: "localhost" };
    return { kind: "parents", rule: "parent" };
  }
  const decision = table.environment?.decide(target);
  if (decision === undefined) return { kind: "direct", rule: "no parent is configured" };
  if ("direct" in decision) return { kind: "direct", rule: decision.rule };
  return { kind: "environment-parent", rule: decision.rule, proxy: decision.proxy };
}

/**
 * What {@link decideRoute} looks things up in; made once for a configuration.
 * @throws ConfigError when the environment counts and names a proxy that cannot be used: going direct
 * instead would be worse than not starting.
 */
export function routeTable(input: RouteInput): RouteTable {
  const problem = input.parents ? undefined : input.environment?.problems[0];
  if (problem) throw problem;
  const { match, problems } = compileNoProxy(input.noProxy);
  return {
    noProxy: match,
    parents: input.parents,
    localhostDirect: input.localhostDirect ?? input.noProxy.dialect === "sallyport",
    environment: input.environment,
    warnings: [...problems, ...(input.parents ? [] : (input.environment?.warnings ?? []))],
  };
}

export interface RouteInput {
  readonly noProxy: { readonly text: string; readonly dialect: "sallyport" | "cntlm" };
  /** Whether any parent is configured. */
  readonly parents: boolean;
  /** Counts only when no parent is configured. */
  readonly environment?: EnvironmentProxies;
  /** Whether `localhost` goes direct although it is not in `no_proxy`; by default yes, except in cntlm's dialect. */
  readonly localhostDirect?: boolean;
}

export interface RouteTable {
  readonly noProxy: (host: string, port: number) => string | undefined;
  readonly parents: boolean;
  readonly localhostDirect: boolean;
  readonly environment: EnvironmentProxies | undefined;
  /** Sentences for the start: entries that never match, variables that differ. */
  readonly warnings: readonly string[];
}

/** Host without port; IPv6 with or without brackets. The scheme of a CONNECT is https. */
export interface RouteTarget {
  readonly scheme: "http" | "https";
  readonly host: string;
  readonly port: number;
}

/** `rule` says why, for logs and for `explain`. */
export type Route =
  | { readonly kind: "direct"; readonly rule: string }
  | { readonly kind: "parents"; readonly rule: string }
  | { readonly kind: "environment-parent"; readonly rule: string; readonly proxy: EnvironmentProxy };

function compileNoProxy(noProxy: RouteInput["noProxy"]) {
  if (noProxy.dialect === "cntlm") {
    const list = parseCntlmNoProxy(noProxy.text);
    return { match: (host: string) => matchCntlmNoProxy(list, host), problems: [] };
  }
  const list = parseNoProxy(noProxy.text);
  return {
    match: (host: string, port: number) => matchNoProxy(list, host, port)?.text,
    problems: list.problems,
  };
}
