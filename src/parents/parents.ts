import type { ProxySettings } from "../config/settings.ts";
import type { Credential } from "../core/credential.ts";
import { AnswerTimeoutError, SallyportError } from "../core/errors.ts";
import type { Events } from "../observe/events.ts";
import { CredentialGuard } from "./guard.ts";
import { type Opened, Parent } from "./parent.ts";
import type { RefusalFile } from "./refusals.ts";
import type { OutboundRequest } from "./request.ts";

/**
 * The parents in their order. A request goes to the first one that is well; when that one fails before the request
 * could have had an effect, to the next.
 */
export class Parents {
  readonly list: readonly Parent[];
  readonly #events: Events;

  constructor(settings: ProxySettings, refusals: RefusalFile, events: Events) {
    // Parents with the same credential share one guard: the domain counts the account's refusals, not the parent's.
    const guards = new Map<string, CredentialGuard>();
    const guardOf = (credential: Credential | undefined): CredentialGuard | undefined => {
      if (credential === undefined) return undefined;
      const key = credentialKey({ ...credential, workstation: "", auth: "auto" });
      const known =
        guards.get(key) ?? new CredentialGuard(credential, refusals, events, settings.pool.logons);
      guards.set(key, known);
      return known;
    };
    this.#events = events;
    this.list = settings.parents.map(
      (one) =>
        new Parent({
          settings: one,
          timeouts: settings.timeouts,
          limits: settings.limits,
          pool: settings.pool,
          probe: settings.probe,
          guard: guardOf(one.credential),
          events,
        }),
    );
  }

  /** @throws the first parent's error when none of them could serve */
  async exchange(request: OutboundRequest): Promise<Opened & { parent: Parent }> {
    const order = [...this.list.filter((one) => one.health.up), ...this.list.filter((one) => !one.health.up)];
    let first: unknown;
    for (const parent of order) {
      try {
        return { ...(await parent.exchange(request)), parent };
      } catch (error) {
        if (first instanceof SallyportError && first !== error)
          first.message += `. The next one failed as well: ${(error as Error).message}`;
        first ??= error;
        if (request.signal.aborted || request.committed || !worthAnother(error, parent)) throw error;
        this.#events.emit("debug", {
          message: "trying the next parent",
          detail: { parent: parent.name, reason: error.message },
        });
      }
    }
    throw first;
  }

  close(): void {
    for (const parent of this.list) parent.close();
  }
}

/** Whether another parent may do better: not when this one passed on what is wrong with the origin. */
function worthAnother(error: unknown, parent: Parent): error is SallyportError {
  if (!(error instanceof SallyportError)) return false;
  return ANOTHER.has(error.code) || (error instanceof AnswerTimeoutError && !parent.health.up);
}

const ANOTHER = new Set([
  "SP_CONNECT",
  "SP_CONNECT_TIMEOUT",
  "SP_RESOLVE",
  "SP_NO_ANSWER",
  "SP_SCHEME",
  "SP_CHALLENGE",
  "SP_CREDENTIAL_REFUSED",
  "SP_CREDENTIAL_LATCHED",
  "SP_NO_CREDENTIAL",
]);

/** Equal for credentials that are equal. It holds the secret: for comparing, never for keeping. */
export function credentialKey(credential: Credential | undefined): string {
  if (credential === undefined) return "";
  const { username, domain, workstation, auth } = credential;
  const value = (credential.password ?? credential.ntHash ?? credential.ntlmv2Hash)?.reveal() ?? "";
  const secret = typeof value === "string" ? value : Buffer.from(value).toString("hex");
  return JSON.stringify([username.toLowerCase(), domain.toLowerCase(), workstation, auth, secret]);
}
