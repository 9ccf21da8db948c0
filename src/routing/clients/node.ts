import { type ClientDecision, direct, refused } from "./dialect.ts";
import { httpRefusal } from "./node-http.ts";
import { undiciRefusal } from "./undici.ts";
import { getVariable, type Variables } from "./variables.ts";

/**
 * Node.js 22.21 and 24 read the variables only when they are told to (NODE_USE_ENV_PROXY=1, or --use-env-proxy in
 * NODE_OPTIONS). The answer is what they do then; that nobody told them is added. Any other value of the variable
 * says no. A value that fetch or http.get refuses stops the whole program at its start.
 */
export function decideInNode(variables: Variables, decide: () => ClientDecision): ClientDecision {
  const optIn = getVariable(variables, "NODE_USE_ENV_PROXY");
  const told = optIn === "1" || getVariable(variables, "NODE_OPTIONS")?.includes("--use-env-proxy");
  if (optIn && !told) return direct("NODE_USE_ENV_PROXY is set, but only 1 makes Node.js read the variables");
  const refusal = undiciRefusal(variables) ?? httpRefusal(variables);
  const decision = refusal ? refused(refusal) : decide();
  if (told) return decision;
  return { ...decision, rule: `${decision.rule}; only with NODE_USE_ENV_PROXY=1, which is not set` };
}
