import type { ProxySettings } from "../config/settings.ts";
import type { Events } from "../observe/events.ts";
import type { Parents } from "../parents/parents.ts";
import type { Route, RouteTarget } from "../routing/route.ts";
import type { IdleWatch } from "../wire/idle.ts";
import type { Wire } from "../wire/wire.ts";
import type { Client, Gate } from "./gate.ts";
import type { Origins } from "./origins.ts";

/** What serving a request needs to know. A reload makes a new one; requests go on with the one they began with. */
export interface ProxyContext {
  readonly settings: ProxySettings;
  readonly gate: Gate;
  readonly origins: Origins;
  readonly events: Events;
  readonly idle: IdleWatch;
  /** This proxy's name in `Via`, different for each process: by it a request that comes back is known. */
  readonly pseudonym: string;
  /** Counted for the metrics, over reloads. */
  readonly counts: { tunnels: number };
  /** True once the proxy takes no more requests on a connection. */
  readonly draining: () => boolean;
  route(target: RouteTarget): Route;
  parentsOf(route: Exclude<Route, { kind: "direct" }>): Parents;
}

/** One client's connection. */
export interface ClientConnection {
  readonly wire: Wire;
  readonly client: Client;
  /** For logs: `127.0.0.1:53012`, `unix`. */
  readonly name: string;
  /** Aborted when the client has gone. */
  readonly gone: AbortSignal;
}
