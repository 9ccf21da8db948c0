import { SallyportError } from "../core/errors.ts";
import type { ClientName } from "./clients/clients.ts";
import { agree, type DecisionOfClient, decideForAll, readers } from "./clients/decide.ts";
import { lookUp, type Variables } from "./clients/variables.ts";
import { parseNoProxy } from "./no-proxy.ts";
import { normaliseVariables } from "./normalise.ts";

/**
 * Which variables would make the clients agree on a URL: the present ones, normalised, and where most of them go direct
 * by an entry that the others do not understand, with the host itself in the list.
 */
export function adviseSpelling(variables: Variables, url: string): Advice {
  const options: { variables: Variables; dissent: ClientName[] }[] = [];
  for (const [http, https] of proxyPairs(variables, url))
    for (const noProxy of lists(variables, url)) {
      try {
        const normalised = normaliseVariables({ http, https, noProxy }).variables;
        const others = variables.filter(([name]) => !/^(https?|no)_proxy$/i.test(name));
        const dissent = dissenters(readers(decideForAll([...others, ...normalised], url)));
        options.push({ variables: normalised, dissent });
      } catch (thrown) {
        if (!(thrown instanceof SallyportError)) throw thrown;
        return { problem: thrown };
      }
    }
  const fewest = Math.min(...options.map(({ dissent }) => dissent.length));
  return options.find(({ dissent }) => dissent.length === fewest) ?? { variables: [], dissent: [] };
}

export type Advice =
  | {
      /** All six. */
      readonly variables: Variables;
      /** Clients that even then do something else. */
      readonly dissent: readonly ClientName[];
    }
  /** The proxy itself cannot be written so that all understand it. */
  | { readonly problem: SallyportError };

/** Those that do not do what most do. */
export function dissenters(decisions: readonly DecisionOfClient[]): ClientName[] {
  if (agree(decisions)) return [];
  const groups = new Map<string, ClientName[]>();
  for (const { client, decision, proxy } of decisions) {
    const key = `${decision} ${proxy}`;
    groups.set(key, [...(groups.get(key) ?? []), client]);
  }
  const largest = [...groups.values()].sort((a, b) => b.length - a.length)[0]!;
  return decisions.map(({ client }) => client).filter((client) => !largest.includes(client));
}

/** As they are set, and one for both. */
function proxyPairs(variables: Variables, url: string): [http: string, https: string][] {
  const all = ["all_proxy", "ALL_PROXY"];
  const http = ["http_proxy", "HTTP_PROXY"];
  const https = ["https_proxy", "HTTPS_PROXY"];
  const forHttp = lookUp(variables, [...http, ...https, ...all], "is unset")?.value;
  const forHttps = lookUp(variables, [...https, ...http, ...all], "is unset")?.value;
  if (forHttp === undefined || forHttps === undefined) return [];
  const one = url.startsWith("https:") ? forHttps : forHttp;
  return forHttp === forHttps
    ? [[one, one]]
    : [
        [forHttp, forHttps],
        [one, one],
      ];
}

/** Both spellings together without what can never match; and the same with the host of the URL. */
function lists(variables: Variables, url: string): string[] {
  const text = ["no_proxy", "NO_PROXY"].map((name) => lookUp(variables, [name], "is unset")?.value ?? "");
  const present = parseNoProxy(text.join(","))
    .entries.map((entry) => entry.text)
    .join(",");
  const host = new URL(url).hostname.replace(/^\[(.*)\]$/, "$1").replace(/\.$/, "");
  const byEntry = decideForAll(variables, url).some(({ rule }) => /\bno_proxy entry\b/i.test(rule));
  return byEntry ? [present, `${present},${host}`] : [present];
}
