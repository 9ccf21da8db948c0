import type { AccessRule, ProxySettings } from "../config/settings.ts";
import { ClientDeniedError, ConfigError, TargetDeniedError } from "../core/errors.ts";
import type { Events } from "../observe/events.ts";
import { parseWho, type Who } from "../routing/access.ts";
import {
  type Address,
  contains,
  impliedAddress,
  isLoopback,
  isMetadata,
  isUnspecified,
  parseAddress,
} from "../routing/addresses.ts";
import { matchNoProxy, type NoProxyList, parseNoProxy } from "../routing/no-proxy.ts";
import { Interfaces } from "./interfaces.ts";
import { resolveName } from "./resolve-name.ts";

/**
 * Who may use the proxy, and which targets are kept from those who are not this host itself.
 * Clients: the first rule that matches decides, else `access.otherwise`. Targets: metadata addresses and this
 * host's loopback are for this host alone, unless `allowTargets` names them.
 */
export class Gate {
  readonly #rules: readonly Rule[];
  readonly #otherwise: "allow" | "deny";
  readonly #allowTargets: NoProxyList;
  readonly #interfaces: Interfaces;
  readonly #names: RuleNames;

  /** @throws ConfigError when a rule names nobody */
  constructor(input: GateInput) {
    this.#rules = input.access.rules.map(readRule);
    this.#otherwise = input.access.otherwise;
    this.#allowTargets = parseNoProxy(input.allowTargets.join(","));
    this.#interfaces = input.interfaces ?? new Interfaces();
    this.#names = new RuleNames(this.#rules, input.resolve ?? resolveName, input.events);
  }

  /**
   * Resolves the host names among the rules, now and every minute until the signal. The promise is kept when
   * each was tried once; until then a name allows nobody.
   */
  start(signal: AbortSignal): Promise<void> {
    return this.#names.start(signal);
  }

  /** Judges a client by where its connection comes from. `isHost`: it is this host itself. */
  judgeClient(client: Client): Verdict {
    if (client.kind === "unix") return { isHost: true, rule: "unix socket", denied: undefined };
    const address = client.address === undefined ? undefined : parseAddress(client.address);
    if (address === undefined) return { isHost: false, rule: "none", denied: gone() };
    let verdict = this.#judge(address);
    if (verdict.denied && this.#interfaces.reread()) verdict = this.#judge(address);
    return verdict;
  }

  /**
   * Why this client may not reach that address, or undefined. `address` is the literal in the request or what
   * its name resolved to: call it with what is about to be connected to; a name is not judged here.
   * `named` is the target as the client wrote it, which `allowTargets` may allow by name.
   */
  refuseTarget(
    clientIsHost: boolean,
    address: string,
    named: { readonly host: string; readonly port: number },
  ): TargetDeniedError | undefined {
    const target = clientIsHost ? undefined : impliedAddress(address);
    if (target === undefined) return undefined;
    const what = restricted(target);
    if (what === undefined) return undefined;
    const { host, port } = named;
    const allowed =
      matchNoProxy(this.#allowTargets, target.text, port) ?? matchNoProxy(this.#allowTargets, host, port);
    return allowed ? undefined : targetDenied(host, target, what);
  }

  #judge(address: Address): Verdict {
    const isHost = this.#interfaces.isOwnAddress(address);
    const rule = this.#rules.find((one) => this.#matches(one, address));
    const action = rule?.action ?? this.#otherwise;
    const text = rule ? `${rule.action} ${rule.text}` : `otherwise ${this.#otherwise}`;
    return { isHost, rule: text, denied: action === "allow" ? undefined : clientDenied(address, rule) };
  }

  #matches(rule: Rule, address: Address): boolean {
    const { who } = rule;
    switch (who.kind) {
      case "everybody":
        return true;
      case "docker":
        return this.#interfaces.dockerNetworkOf(address) !== undefined;
      case "network":
        return contains(who.network, address);
      case "name":
        return this.#names.has(rule, address);
    }
  }
}

export interface GateInput {
  readonly access: ProxySettings["access"];
  readonly allowTargets: readonly string[];
  readonly interfaces?: Interfaces;
  readonly events?: Events;
  /** The addresses of a name; throws when it has none. */
  readonly resolve?: Resolve;
}

/** Where a connection comes from. A TCP client that has gone already has no address, which is not a Unix socket. */
export type Client =
  | { readonly kind: "unix" }
  | { readonly kind: "tcp"; readonly address: string | undefined };

export interface Verdict {
  readonly isHost: boolean;
  /** For the log: `allow docker`, `otherwise deny`. */
  readonly rule: string;
  readonly denied: ClientDeniedError | undefined;
}

type Resolve = (name: string) => Promise<readonly string[]>;

interface Rule {
  readonly action: AccessRule["action"];
  readonly text: string;
  readonly who: Who;
}

type NameRule = Rule & { readonly who: Extract<Who, { kind: "name" }> };

function readRule(rule: AccessRule): Rule {
  const who = parseWho(rule.who);
  if ("problem" in who) {
    throw new ConfigError(`The ${rule.action} rule "${rule.who}" ${who.problem}`, {
      hint: 'Write an address, a network, "docker", "*" or a host name.',
    });
  }
  return { action: rule.action, text: rule.who, who };
}

/** The host names among the rules and the addresses they have. */
class RuleNames {
  readonly #rules: readonly NameRule[];
  readonly #resolve: Resolve;
  readonly #events: Events | undefined;
  readonly #addresses = new Map<Rule, ReadonlySet<string>>();
  readonly #failing = new Set<Rule>();

  constructor(rules: readonly Rule[], resolve: Resolve, events: Events | undefined) {
    this.#rules = rules.filter((rule): rule is NameRule => rule.who.kind === "name");
    this.#resolve = resolve;
    this.#events = events;
  }

  has(rule: Rule, address: Address): boolean {
    return this.#addresses.get(rule)?.has(address.text) ?? false;
  }

  async start(signal: AbortSignal): Promise<void> {
    if (this.#rules.length === 0 || signal.aborted) return;
    const timer = setInterval(() => void this.#refresh(), namesEvery).unref();
    signal.addEventListener("abort", () => clearInterval(timer), { once: true });
    await this.#refresh();
  }

  async #refresh(): Promise<void> {
    await Promise.all(this.#rules.map((rule) => this.#refreshOne(rule)));
  }

  async #refreshOne(rule: NameRule): Promise<void> {
    try {
      const found = await this.#resolve(rule.who.name);
      this.#addresses.set(rule, new Set(found.map((text) => parseAddress(text)?.text ?? text)));
      this.#failing.delete(rule);
    } catch {
      // A name that does not resolve never allows; one that denied goes on denying whom it denied.
      if (rule.action === "allow") this.#addresses.delete(rule);
      if (this.#failing.has(rule)) return;
      this.#failing.add(rule);
      this.#events?.emit("warning", {
        message: `The name in the rule "${rule.action} ${rule.text}" does not resolve, so the rule ${rule.action === "allow" ? "allows nobody" : "denies only whom it denied before"}`,
        hint: "Write the address instead, or mend the name; it is tried again every minute.",
      });
    }
  }
}

const namesEvery = 60_000;

function clientDenied(address: Address, rule: Rule | undefined): ClientDeniedError {
  const why = rule ? `the rule "${rule.action} ${rule.text}" turns it away` : "no rule allows it";
  return new ClientDeniedError(`The client ${address.text} may not use this proxy: ${why}`, {
    hint: rule
      ? `Put a rule for ${address.text} before that one.`
      : `If it may, add "${address.text}" or its network to allow in [proxy] of sallyport.toml.`,
  });
}

function gone(): ClientDeniedError {
  return new ClientDeniedError("The client went away before its address could be read");
}

/** What kind of address is kept from other clients, or undefined. Unspecified ones lead to loopback on Linux. */
function restricted(address: Address): string | undefined {
  if (isMetadata(address)) return "a cloud metadata address, which hands out this machine's credentials";
  if (isLoopback(address) || isUnspecified(address)) return "the loopback of the proxy's own host";
  return undefined;
}

function targetDenied(host: string, address: Address, what: string): TargetDeniedError {
  const same = parseAddress(host)?.text === address.text;
  return new TargetDeniedError(
    `${same ? address.text : `${host} (${address.text})`} is ${what}: only the host itself may reach it through the proxy`,
    { hint: `If other clients may, add "${host}" to allow_targets in [proxy] of sallyport.toml.` },
  );
}
