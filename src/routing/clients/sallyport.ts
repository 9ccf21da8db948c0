import { proxyFromEnvironment } from "../environment.ts";
import { proxyVariables } from "./actions-runner.ts";
import { type ClientDecision, decideByValue, direct, refused } from "./dialect.ts";
import { proxyUrl } from "./proxy-value.ts";
import type { Target } from "./target.ts";
import { type Variables, whyNone } from "./variables.ts";

/** Sallyport itself, when no parent is configured. */
export function decideSallyport(variables: Variables, target: Target): ClientDecision {
  const { scheme } = target;
  if (scheme !== "http" && scheme !== "https") return direct(`Sallyport has no proxy for ${scheme}://`);
  const read = proxyFromEnvironment(proxyVariables(variables));
  const decided = read.decide({ scheme, host: target.host, port: target.port });
  if ("direct" in decided) {
    const names = [`${scheme}_proxy`, `${scheme}_proxy`.toUpperCase()];
    return direct(read[scheme] ? decided.rule : whyNone(variables, names, scheme));
  }
  const { proxy } = decided;
  if (proxy.scheme !== "http")
    return refused(`${proxy.variable} names a proxy by ${proxy.scheme}://, which Sallyport cannot reach yet`);
  const where = { proxy: proxyUrl("http", proxy.host, proxy.port) };
  return decideByValue(where, { name: proxy.variable, value: "" });
}
