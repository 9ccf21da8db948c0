import { isDockerInterface } from "../routing/kernel-interfaces.ts";
import type { Draft } from "./draft.ts";
import { type Interfaces, interfaceOf } from "./host-addresses.ts";
import type { Problems } from "./problem.ts";
import type { AccessRule, ListenAddress, ProxySettings } from "./settings.ts";
import { localClients } from "./values/access-who.ts";
import { isLoopback, isWildcard, listenText } from "./values/listen.ts";

type Access = ProxySettings["access"];

/** Who may use the proxy: the rules as they were given, or the safe ones; wider ones are warned about. */
export function decideAccess(draft: Draft, problems: Problems): Access {
  const { access, gateway } = draft;
  if (access.dialect === "cntlm") return cntlmAccess(draft, access.rules, problems);
  const deny = access.deny.map((who): AccessRule => ({ action: "deny", who }));
  if (access.allow) {
    const allow = access.allow.map((who): AccessRule => ({ action: "allow", who }));
    return { rules: [...deny, ...allow], otherwise: "deny" };
  }
  if (!gateway) return { rules: [...deny, ...localClients], otherwise: "deny" };
  problems.warning({ file: draft.file }, everybody, 'name them: allow = ["10.0.0.0/8"]');
  return { rules: deny, otherwise: "allow" };
}

/** Notes the addresses that other hosts reach: they are allowed, and worth a word. */
export function warnOfReach(draft: Draft, interfaces: Interfaces, problems: Problems): void {
  for (const { value, place } of draft.listen)
    if (reachesFar(value, interfaces))
      problems.warning(
        place,
        `other hosts can reach ${listenText(value)}, where the proxy speaks for your account`,
        "let allow name only those who need it, and close the port to others in the firewall",
      );
}

/**
 * cntlm lets in whom no rule names. Kept on loopback, with `Gateway yes` and no rules, and after a list that
 * ends in `Deny` with `Gateway yes`. A list that ends in `Allow` would be pointless with it: nobody else is
 * meant. Off loopback without `Gateway`, only this host and its containers get in.
 */
function cntlmAccess(draft: Draft, rules: readonly AccessRule[], problems: Problems): Access {
  if (draft.listen.every((one) => isLoopback(one.value))) return { rules, otherwise: "allow" };
  const last = rules.at(-1);
  const complete = last !== undefined && last.who === "*";
  if (draft.gateway && last?.action !== "allow") {
    if (!complete)
      problems.warning({ file: draft.file }, everybody, "name them with Allow, and end with Deny 0/0");
    return { rules, otherwise: "allow" };
  }
  if (!complete)
    problems.warning(
      { file: draft.file },
      last?.action === "allow"
        ? "clients that no Allow names are refused (cntlm would let them in)"
        : "only this host and its containers may use the proxy (cntlm would let everybody in)",
      last?.action === "allow" ? "add Deny 0/0 to say the same to cntlm" : "name others with Allow",
    );
  return { rules: last?.action === "allow" ? rules : [...rules, ...localClients], otherwise: "deny" };
}

const everybody = "everybody who reaches a listener may use the proxy, and with it your account";

function reachesFar(listen: ListenAddress, interfaces: Interfaces): boolean {
  if (isLoopback(listen) || listen.kind === "unix") return false;
  if (listen.kind === "interface") return !isDockerInterface(listen.name);
  if (isWildcard(listen)) return true;
  const name = interfaceOf(listen.host, interfaces);
  return name === undefined || !isDockerInterface(name);
}
