import { createHash } from "node:crypto";
import type { ParentSettings, Settings } from "../config/settings.ts";
import type { Credential } from "../core/credential.ts";
import type { Events } from "../observe/events.ts";
import { credentialKey, Parents } from "../parents/parents.ts";
import { RefusalFile } from "../parents/refusals.ts";
import { type Environment, type EnvironmentProxy, proxyFromEnvironment } from "../routing/environment.ts";
import { decideRoute, routeTable } from "../routing/route.ts";
import { IdleWatch } from "../wire/idle.ts";
import type { ProxyContext } from "./context.ts";
import { Gate } from "./gate.ts";
import type { Interfaces } from "./interfaces.ts";
import { Origins } from "./origins.ts";

/** A context with what it owns: closed when a reload has replaced it. */
export interface OwnedContext extends ProxyContext {
  allParents(): Parents[];
  /** Resolves the names in the rules, and goes on doing so until the signal or the context's end. */
  start(signal: AbortSignal): Promise<void>;
  /** The parents, with their connections, for a context that would make the same ones. */
  sameParents(signature: string): ParentSets | undefined;
  /** Closes what is idle; requests that run go on. */
  close(): void;
}

export interface ContextInput {
  readonly events: Events;
  readonly environment: Environment;
  readonly interfaces: Interfaces;
  readonly pseudonym: string;
  isOwnListener(address: string, port: number): boolean;
  readonly counts: { tunnels: number };
  draining(): boolean;
  /** The context that this one is to replace. */
  readonly previous: OwnedContext | undefined;
}

/**
 * Everything that follows from the settings.
 * @throws ConfigError when they cannot work together with the environment's variables
 */
export function makeContext(settings: Settings, input: ContextInput): OwnedContext {
  const { proxy } = settings;
  const { events, interfaces } = input;
  const routes = routeTable({
    noProxy: proxy.noProxy,
    parents: proxy.parents.length > 0,
    environment: proxyFromEnvironment(input.environment),
  });
  for (const message of [...settings.warnings, ...routes.warnings]) events.emit("warning", { message });
  const { environment } = routes;
  if (proxy.parents.length === 0 && !environment?.http && !environment?.https)
    events.emit("warning", {
      message: "No parent is configured, and the environment names none: everything goes direct",
      hint: "Name the company's proxy: --parent http://HOST:PORT, or [[proxy.parent]] in sallyport.toml.",
    });
  const refusals = new RefusalFile(settings.stateDirectory, (error) =>
    events.emit("warning", { message: error.message, ...(error.hint ? { hint: error.hint } : {}) }),
  );
  const gate = new Gate({ access: proxy.access, allowTargets: proxy.allowTargets, interfaces, events });
  const origins = new Origins({
    timeouts: proxy.timeouts,
    limits: proxy.limits,
    idle: proxy.pool.idle,
    gate,
    isOwnListener: input.isOwnListener,
  });
  const signature = signatureOf(settings);
  // What has not changed keeps its connections, and the proof that its credential is good.
  const parents = input.previous?.sameParents(signature) ?? new ParentSets(settings, refusals, events);
  parents.users++;
  const ended = new AbortController();
  return {
    settings: proxy,
    gate,
    origins,
    events,
    idle: new IdleWatch(proxy.timeouts.idle),
    pseudonym: input.pseudonym,
    counts: input.counts,
    draining: input.draining,
    route: (target) => decideRoute(routes, target),
    parentsOf: (route) => (route.kind === "parents" ? parents.configured : parents.of(route.proxy)),
    start: (signal) => gate.start(AbortSignal.any([signal, ended.signal])),
    allParents: () => parents.all(),
    sameParents: (wanted) => (wanted === signature ? parents : undefined),
    close: () => {
      ended.abort();
      if (--parents.users === 0) for (const set of parents.all()) set.close();
      origins.close();
    },
  };
}

/** Equal for settings that make equal parents. A digest: it must not hold a password. */
function signatureOf({ proxy, stateDirectory }: Settings): string {
  const { timeouts, limits, pool, probe, identity } = proxy;
  const parents = proxy.parents.map((one) => [one.host, one.port, credentialKey(one.credential)]);
  const all = [parents, timeouts, limits, pool, String(probe), credentialKey(identity), stateDirectory];
  return createHash("sha256").update(JSON.stringify(all)).digest("hex");
}

/** The configured parents, and those of the environment's variables, made when one is first asked for. */
class ParentSets {
  /** Contexts that use it: for a moment two, at a reload. */
  users = 0;
  readonly configured: Parents;
  readonly #fromEnvironment = new Map<EnvironmentProxy, Parents>();
  readonly #make: (parents: readonly ParentSettings[]) => Parents;
  readonly #identity: Credential | undefined;

  constructor(settings: Settings, refusals: RefusalFile, events: Events) {
    this.#make = (parents) => new Parents({ ...settings.proxy, parents }, refusals, events);
    this.#identity = settings.proxy.identity;
    this.configured = this.#make(settings.proxy.parents);
  }

  of(proxy: EnvironmentProxy): Parents {
    const known = this.#fromEnvironment.get(proxy) ?? this.#make([environmentParent(proxy, this.#identity)]);
    this.#fromEnvironment.set(proxy, known);
    return known;
  }

  all(): Parents[] {
    return [this.configured, ...this.#fromEnvironment.values()];
  }
}

/** A proxy of the environment's variables: signed in with the userinfo of its URL, else with [identity]. */
export function environmentParent(proxy: EnvironmentProxy, identity: Credential | undefined): ParentSettings {
  const { host, port, username, password } = proxy;
  if (username === undefined) return { host, port, credential: identity };
  const [, domain = "", user = username] = /^([^\\]*)\\(.*)$/s.exec(username) ?? [];
  return {
    host,
    port,
    credential: { username: user, domain, workstation: "", auth: "auto", ...(password ? { password } : {}) },
  };
}
