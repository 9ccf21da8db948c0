import type { Secret } from "../core/secret.ts";

/** What the embedded parent offers in a 407; Negotiate and Digest by name only: nothing signs in with them. */
export type OfferedScheme = "ntlm" | "basic" | "negotiate" | "digest";

/** How the parent treats its clients at the moment. */
export type Behaviour =
  | "well"
  /** Accepts connections and requests, and never answers. */
  | "hang"
  /** Accepts connections and closes them. */
  | "close"
  /** Does not listen: connections are refused. */
  | "refuse"
  /** Waits for so many milliseconds before it looks at a request. */
  | { readonly slow: number };

export interface DemoParentOptions {
  /** In the order of the 407; `none`: nobody has to sign in. Default `ntlm`. */
  readonly auth?: OfferedScheme | "none" | readonly OfferedScheme[];
  /** Who may, without regard to case. Default: `testuser` with the password `S3cret-pass`. */
  readonly users?: ReadonlyMap<string, Secret<string>>;
  /** Default `CORP`. */
  readonly domain?: string;
  /** The header that says that the connection stays; Squid says `Connection`, others only `Proxy-Connection`. Default `connection`. */
  readonly keepAliveHeader?: "connection" | "proxy-connection" | "both" | "none";
  /**
   * What a TRACE gets: an answer of the parent's own, after a logon as everything (the default); `error`: 501, and the
   * connection ends; `refuse-open`: 405, and it stays; `close`: no answer at all. The last three ask for no logon.
   */
  readonly trace?: "answer" | "error" | "refuse-open" | "close";
  /** A logon holds for one request only. */
  readonly authPerRequest?: boolean;
  /** False: a tunnel ends as a whole when one side ends, as with Squid. Default true. */
  readonly halfClose?: boolean;
  /** Closes the connection after a 407 that answers a request without credentials. */
  readonly closeOn407?: boolean;
  /** Milliseconds after which a connection without a request is closed; 0, the default, is never. */
  readonly idleTimeout?: number;
  readonly behaviour?: Behaviour;
  /** Names that only the parent resolves: `origin.example:443` to where it really is, on loopback. */
  readonly hosts?: ReadonlyMap<string, { readonly host: string; readonly port: number }>;
  /** False: the challenge has no time, so that clients owe no integrity code. Default true. */
  readonly timestamp?: boolean;
  /** Told after each request: what it was and what it got. */
  readonly onRequest?: (entry: ParentRequest) => void;
}

export interface ParentRequest {
  /** Which of the parent's connections, from 1. */
  readonly connection: number;
  readonly method: string;
  readonly target: string;
  readonly status: number;
  /** Who is signed in on it, as `DOMAIN\user`. */
  readonly user: string | undefined;
  readonly headers: ReadonlyMap<string, string>;
}

/** What the parent has seen since its start. */
export interface ParentCounters {
  /** TCP connections accepted, and those open now. */
  connections: number;
  open: number;
  /** Request heads read, and the TRACEs and CONNECTs among them. */
  requests: number;
  traces: number;
  connects: number;
  /** 407 answers. */
  legs: number;
  /** Proofs checked. */
  logonsAccepted: number;
  logonsRefused: number;
  /** Tunnels open now. */
  tunnels: number;
}
