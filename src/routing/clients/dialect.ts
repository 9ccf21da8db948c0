import type { Target } from "./target.ts";
import type { Found, Variables } from "./variables.ts";

/** Where one client's request goes, and why: words for a person, never a value that may hold a password. */
export type ClientDecision =
  | { readonly decision: "proxy"; readonly proxy: string; readonly rule: string }
  | { readonly decision: "direct" | "error"; readonly proxy: null; readonly rule: string };

/** How a client reads the variables, in the three steps that nearly all of them take. */
export interface Dialect {
  /** The variable that names the proxy, or why none does. */
  choose(variables: Variables, target: Target): Found | Why;
  /** Why the request goes direct all the same. */
  bypass(variables: Variables, target: Target): string | undefined;
  /** What the client makes of the value. */
  read(found: Found, target: Target): ProxyValue;
}

/** The end of the search for a proxy. */
export interface Why {
  readonly why: string;
}

/** A proxy as `http://host:port`, or what the client does with a value that it cannot use. */
export type ProxyValue =
  | { readonly proxy: string }
  | { readonly error: string }
  | { readonly direct: string };

/** Choose, bypass, read: a value that is wrong does no harm to a request that goes direct anyway. */
export function decideBy(dialect: Dialect, variables: Variables, target: Target): ClientDecision {
  const found = dialect.choose(variables, target);
  if ("why" in found) return direct(found.why);
  const rule = dialect.bypass(variables, target);
  if (rule !== undefined) return direct(rule);
  return decideByValue(dialect.read(found, target), found);
}

export function decideByValue(value: ProxyValue, found: Found): ClientDecision {
  if ("proxy" in value)
    return { decision: "proxy", proxy: value.proxy, rule: `${found.name} names the proxy` };
  if ("direct" in value) return direct(`${found.name} ${value.direct}`);
  return refused(`${found.name} ${value.error}`);
}

export function direct(rule: string): ClientDecision {
  return { decision: "direct", proxy: null, rule };
}

export function refused(rule: string): ClientDecision {
  return { decision: "error", proxy: null, rule };
}

/** `no_proxy entry .corp.example (suffix)`. */
export function byEntry(found: Found, entry: string, how: string): string {
  return `${found.name} entry ${entry || '""'} (${how})`;
}
