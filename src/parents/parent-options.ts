import type {
  LimitSettings,
  ParentSettings,
  PoolSettings,
  ProxySettings,
  TimeoutSettings,
} from "../config/settings.ts";
import type { Events } from "../observe/events.ts";
import type { CredentialGuard } from "./guard.ts";

/** What one parent is made of. */
export interface ParentOptions {
  readonly settings: ParentSettings;
  readonly timeouts: TimeoutSettings;
  readonly limits: LimitSettings;
  readonly pool: PoolSettings;
  readonly probe: ProxySettings["probe"];
  /** Undefined where no credential is configured. */
  readonly guard: CredentialGuard | undefined;
  readonly events: Events;
}
