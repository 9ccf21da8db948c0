import { type Client, type ClientName, clients } from "./clients.ts";
import type { ClientDecision } from "./dialect.ts";
import { readTarget } from "./target.ts";
import type { Variables } from "./variables.ts";

/**
 * Whether a request for `url` goes to a proxy, which one, and by which rule, when this client finds these variables.
 * @param version of the client; without it the one its rules were measured with
 * @throws UsageError when `url` has no scheme or host
 */
export function decideFor(
  client: ClientName,
  variables: Variables,
  url: string,
  version?: string,
): ClientDecision {
  const one: Client = clients.find(({ name }) => name === client)!;
  return one.decide(variables, readTarget(url), version ?? one.version);
}

/** The same for every client. */
export function decideForAll(variables: Variables, url: string): DecisionOfClient[] {
  const target = readTarget(url);
  return clients.map((client: Client) => ({
    client: client.name as ClientName,
    ...client.decide(variables, target, client.version),
  }));
}

export type DecisionOfClient = { readonly client: ClientName } & ClientDecision;

/**
 * Whether all do the same. Those that read no variables at all are left out: no spelling could make them agree.
 */
export function agree(decisions: readonly DecisionOfClient[]): boolean {
  return new Set(readers(decisions).map(({ decision, proxy }) => `${decision} ${proxy}`)).size <= 1;
}

/** The decisions of clients that read the variables. */
export function readers(decisions: readonly DecisionOfClient[]): DecisionOfClient[] {
  const ignoring = new Set<string>(clients.filter((one) => !one.readsVariables).map((one) => one.name));
  return decisions.filter(({ client }) => !ignoring.has(client));
}
