import { parseNoProxy } from "../routing/no-proxy.ts";
import { decideAccess, warnOfReach } from "./access.ts";
import { buildCredential, mergeIdentity, readPasswordFile } from "./credentials.ts";
import type { Draft, Placed } from "./draft.ts";
import { type Interfaces, isOwnAddress } from "./host-addresses.ts";
import type { Problems } from "./problem.ts";
import type { ListenAddress, ParentSettings, Settings } from "./settings.ts";
import { stateDirectory } from "./state-directory.ts";
import { isLoopback, isWildcard, listenText } from "./values/listen.ts";
import { type ParentAddress, parentText } from "./values/parent-url.ts";

/** Judges a draft as a whole and makes the settings of it. They are fit for use when no error was noted. */
export function finish(
  draft: Draft,
  problems: Problems,
  env: NodeJS.ProcessEnv,
  interfaces: Interfaces,
): Omit<Settings, "warnings"> {
  checkListeners(draft, problems);
  warnOfReach(draft, interfaces, problems);
  checkLoops(draft, interfaces, problems);
  checkNoProxy(draft, problems);
  const identity = draft.parents.length === 0 ? buildCredential(draft.identity, problems) : undefined;
  return {
    file: draft.file,
    proxy: {
      listen: draft.listen.map((one) => one.value),
      gateway: draft.gateway,
      access: decideAccess(draft, problems),
      allowTargets: draft.allowTargets,
      clients: readClients(draft, problems),
      noProxy: { text: draft.noProxy.text, dialect: draft.noProxy.dialect },
      parents: buildParents(draft, problems),
      ...(identity ? { identity } : {}),
      timeouts: draft.timeouts,
      limits: draft.limits,
      pool: draft.pool,
      probe: draft.probe,
    },
    log: draft.log,
    metrics: { listen: draft.metrics?.value },
    stateDirectory: draft.stateDirectory ?? stateDirectory(env),
  };
}

function checkListeners(draft: Draft, problems: Problems): void {
  const seen = new Set<string>();
  for (const one of draft.metrics ? [...draft.listen, draft.metrics] : draft.listen) {
    const text = listenText(one.value);
    if (seen.has(text) && !text.endsWith(":0"))
      problems.error(one.place, `${text} is listened on twice`, "keep one of the two");
    seen.add(text);
  }
  // A Listen of cntlm.conf (or a -l) that names 0.0.0.0 was meant; its access rules are the safe ones.
  const meant = (file: string | undefined) =>
    draft.kind === "cntlm" && (file === draft.file || file === "-l");
  for (const { value, place } of draft.listen)
    if (isWildcard(value) && !draft.gateway && !meant(place.file))
      problems.error(
        place,
        `${listenText(value)} opens the proxy to all networks of this host`,
        'add gateway = true if that is meant, or name an address or interface ("docker0:3128")',
      );
  if (draft.listen.length === 0 && !problems.failed)
    problems.error(
      { file: draft.file },
      "there is no address to listen on",
      'add listen = ["127.0.0.1:3128"]',
    );
}

/** A parent that is one of our own listeners would hand every request back to us, for ever. */
function checkLoops(draft: Draft, interfaces: Interfaces, problems: Problems): void {
  for (const { address, place } of draft.parents) {
    const listener = draft.listen.find((one) => isListener(one, address, interfaces));
    if (listener)
      problems.error(
        place,
        `the parent ${parentText(address)} is Sallyport's own listener ${listenText(listener.value)}: a loop`,
        "name the company's proxy, or listen on another port",
      );
  }
}

function isListener(listener: Placed<ListenAddress>, parent: ParentAddress, interfaces: Interfaces): boolean {
  const { value } = listener;
  if (value.kind === "unix" || value.port !== parent.port) return false;
  const local = parent.host.toLowerCase() === "localhost";
  if (value.kind === "interface")
    return (
      isOwnAddress(parent.host, { [value.name]: interfaces[value.name] }) || (local && value.name === "lo")
    );
  if (isWildcard(value))
    return local || isLoopback({ ...value, host: parent.host }) || isOwnAddress(parent.host, interfaces);
  if (local) return isLoopback(value);
  return isOwnAddress(parent.host, { "": [{ address: value.host }] });
}

function checkNoProxy(draft: Draft, problems: Problems): void {
  const { text, dialect, place } = draft.noProxy;
  if (dialect !== "sallyport") return;
  for (const problem of parseNoProxy(text).problems) {
    const [what = problem, ...rest] = problem.replace(/\.$/, "").split(". ");
    problems.error(place, what, rest.length > 0 ? lowerFirst(rest.join(". ")) : "correct it or take it out");
  }
}

function buildParents(draft: Draft, problems: Problems): ParentSettings[] {
  const seen = new Set<string>();
  // One identity serves many parents: it is judged, and its file read, once.
  const built = new Map<string, ParentSettings["credential"]>();
  return draft.parents.map(({ address, own, place }) => {
    const text = parentText(address).toLowerCase();
    if (seen.has(text)) problems.warning(place, `the parent ${text} is listed twice`, "keep one of the two");
    seen.add(text);
    if (own === "none") return { ...address, credential: undefined };
    const identity = mergeIdentity(own, draft.identity, problems);
    if (identity.place === draft.identity.place) {
      const key = [identity.domain, identity.workstation, identity.auth].join("\0");
      if (!built.has(key)) built.set(key, buildCredential(identity, problems));
      return { ...address, credential: built.get(key) };
    }
    return { ...address, credential: buildCredential(identity, problems) };
  });
}

function readClients(draft: Draft, problems: Problems): Settings["proxy"]["clients"] {
  const names = new Set<string>();
  return draft.clients.flatMap(({ username, passwordFile, place }) => {
    if (names.has(username))
      problems.error(place, `the client ${username} is there twice`, "keep one of the two");
    if (username.includes(":"))
      problems.error(
        place,
        `the client name ${username} holds a colon`,
        "Basic cannot carry it: take another name",
      );
    names.add(username);
    const password = readPasswordFile(passwordFile, place, problems);
    return password ? [{ username, password }] : [];
  });
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
