import type { Credential } from "../core/credential.ts";
import type { Secret } from "../core/secret.ts";
import type { Place } from "./problem.ts";
import type { AccessRule, ListenAddress, Settings } from "./settings.ts";
import type { ParentAddress } from "./values/parent-url.ts";

/**
 * A configuration that has been read but not yet judged as a whole: both kinds of file end in this, the
 * command line is laid over it, and {@link finish} makes the settings of it.
 */
export interface Draft {
  readonly kind: "toml" | "cntlm";
  readonly file: string | undefined;
  listen: Placed<ListenAddress>[];
  gateway: boolean;
  access: AccessDraft;
  noProxy: Settings["proxy"]["noProxy"] & { readonly place: Place };
  identity: IdentityDraft;
  parents: ParentDraft[];
  readonly clients: readonly {
    readonly username: string;
    readonly passwordFile: string;
    readonly place: Place;
  }[];
  readonly allowTargets: readonly string[];
  readonly timeouts: Settings["proxy"]["timeouts"];
  readonly limits: Settings["proxy"]["limits"];
  readonly pool: Settings["proxy"]["pool"];
  probe: Settings["proxy"]["probe"];
  log: Settings["log"];
  metrics: Placed<ListenAddress> | undefined;
  stateDirectory: string | undefined;
}

export interface Placed<T> {
  readonly value: T;
  readonly place: Place;
}

export type AccessDraft =
  /** Deny rules come before allow rules; `allow` undefined: nobody was named. */
  | {
      readonly dialect: "sallyport";
      readonly allow: readonly string[] | undefined;
      readonly deny: readonly string[];
    }
  /** In the order of the file. */
  | { readonly dialect: "cntlm"; readonly rules: readonly AccessRule[] };

export interface ParentDraft {
  readonly address: ParentAddress;
  readonly place: Place;
  /** What the parent says of its own; `none`: it gets no credential. */
  readonly own: IdentityDraft | "none";
}

/** Who signs in: what is undefined was not said. */
export interface IdentityDraft {
  username?: string | undefined;
  domain?: string | undefined;
  workstation?: string | undefined;
  auth?: Credential["auth"] | undefined;
  secret?: SecretDraft | undefined;
  place: Place;
  /** True when a mistake in it was noted already: what is missing may be what was wrong. */
  broken?: boolean;
}

export type SecretDraft =
  | { readonly place: Place; readonly kind: "file"; readonly path: string }
  | { readonly place: Place; readonly kind: "password"; readonly value: Secret<string> }
  /** A person is asked for it later. */
  | { readonly place: Place; readonly kind: "asked" }
  | { readonly place: Place; readonly kind: "nt"; readonly value: Secret<Uint8Array> }
  | { readonly place: Place; readonly kind: "ntlmv2"; readonly value: Secret<Uint8Array> };
