import type { Credential } from "../core/credential.ts";
import type { Secret } from "../core/secret.ts";

/**
 * What the program runs on, after a configuration was read and checked: `sallyport.toml`, `cntlm.conf`,
 * the command line and the environment all end in this one shape, frozen. Times are in milliseconds.
 */
export interface Settings {
  /** The file it came from, for messages; undefined when there was none. */
  readonly file: string | undefined;
  readonly proxy: ProxySettings;
  readonly log: LogSettings;
  readonly metrics: { readonly listen: ListenAddress | undefined };
  /** Where the count of refused logons is kept. */
  readonly stateDirectory: string;
  /** Things that work but deserve a word at the start: sentences. */
  readonly warnings: readonly string[];
}

export interface ProxySettings {
  readonly listen: readonly ListenAddress[];
  readonly gateway: boolean;
  /** Who may use the proxy: the first rule that matches decides, else {@link otherwise}. */
  readonly access: { readonly rules: readonly AccessRule[]; readonly otherwise: "allow" | "deny" };
  /** Targets that clients off this host may reach although they are metadata addresses or this host's loopback. */
  readonly allowTargets: readonly string[];
  /** Basic sign-in of clients to Sallyport; empty means none is asked for. */
  readonly clients: readonly { readonly username: string; readonly password: Secret<string> }[];
  /** What goes direct although a parent is configured. */
  readonly noProxy: { readonly text: string; readonly dialect: "sallyport" | "cntlm" };
  /** In order of preference. Empty: everything goes direct, or as the environment's variables say. */
  readonly parents: readonly ParentSettings[];
  /** Who signs in to a parent that the environment's variables name without a name of its own. */
  readonly identity?: Credential | undefined;
  readonly timeouts: TimeoutSettings;
  readonly limits: LimitSettings;
  readonly pool: PoolSettings;
  /** How a spare connection is authenticated ahead of need: TRACE, a HEAD of this URL, or not at all. */
  readonly probe: "trace" | "off" | URL;
}

export type ListenAddress =
  /** `host` empty: all addresses of this host. */
  | { readonly kind: "address"; readonly host: string; readonly port: number }
  /** Bound while the interface has an address, and moved with it. */
  | { readonly kind: "interface"; readonly name: string; readonly port: number }
  | { readonly kind: "unix"; readonly path: string };

export interface AccessRule {
  readonly action: "allow" | "deny";
  /** An address, a network in CIDR form, `docker`, `*`, or a host name. */
  readonly who: string;
}

export interface ParentSettings {
  readonly host: string;
  readonly port: number;
  /** Undefined: a parent that is asked without signing in. */
  readonly credential: Credential | undefined;
}

export interface TimeoutSettings {
  /** TCP connection to a parent. */
  readonly connect: number;
  /** TCP connection to a server that is reached directly: there is no other to try. */
  readonly originConnect: number;
  /** Silence of a parent after which it is suspected and probed. */
  readonly answer: number;
  /** The longest wait for an answer's head, even from a parent that is well. */
  readonly response: number;
  /** From a client's first byte to the end of its request's head. */
  readonly head: number;
  /** A client's connection between two requests. */
  readonly keepAlive: number;
  /** A tunnel or a body with no byte in either direction; 0 is for ever. */
  readonly idle: number;
  /** A graceful stop. */
  readonly stop: number;
}

export interface LimitSettings {
  readonly headBytes: number;
  readonly headFields: number;
  readonly connections: number;
}

export interface PoolSettings {
  /** Most idle authenticated connections for each parent and identity. */
  readonly maxIdle: number;
  /** Idle ones older than this are closed. */
  readonly idle: number;
  /** Logons in flight at once, once the credential is proven. */
  readonly logons: number;
}

export interface LogSettings {
  readonly level: "debug" | "info" | "warn" | "error";
  /** `auto`: readable on a terminal, else JSON. */
  readonly format: "auto" | "json" | "pretty";
  readonly access: boolean;
}
