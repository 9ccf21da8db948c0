import { resolve } from "node:path";
import { type CntlmEncoding, cntlmEncodings } from "../auth/cntlm-hash.ts";
import type { Scheme } from "../core/credential.ts";
import { UsageError } from "../core/errors.ts";
import { parseNoProxy } from "../routing/no-proxy.ts";
import type { Draft, IdentityDraft } from "./draft.ts";
import { laterScheme } from "./later.ts";
import type { Problems, Reading } from "./problem.ts";
import type { ListenAddress, LogSettings, ProxySettings } from "./settings.ts";
import { readWho } from "./values/access-who.ts";
import { readListen } from "./values/listen.ts";
import { type ParentAddress, readParentUrl } from "./values/parent-url.ts";
import { readProbe } from "./values/probe.ts";

/** What the command line says: each stands over the same of the file. */
export interface Overrides {
  readonly listen?: readonly ListenAddress[];
  readonly gateway?: boolean;
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
  readonly noProxy?: string;
  readonly parents?: readonly ParentAddress[];
  readonly username?: string;
  readonly domain?: string;
  /** Absolute. */
  readonly passwordFile?: string;
  readonly auth?: "auto" | Scheme;
  readonly probe?: ProxySettings["probe"];
  readonly logLevel?: LogSettings["level"];
  readonly logFormat?: LogSettings["format"];
  readonly accessLog?: boolean;
  readonly metrics?: ListenAddress;
  /** Absolute. */
  readonly stateDirectory?: string;
  /** The encoding of the hashes in a cntlm.conf. */
  readonly cntlmHashes?: CntlmEncoding;
}

/**
 * The overrides that a command's options amount to (src/cli/specs/proxy.ts).
 * @throws UsageError that names the option and what would be right
 */
export function overridesFromOptions(options: Readonly<Record<string, unknown>>): Overrides {
  const one = (key: string) => options[key] as string | undefined;
  const many = (key: string) => options[key] as string[] | undefined;
  const username = one("username");
  if (username?.includes("\\"))
    throw new UsageError("--username: the name holds the domain as well.", {
      hint: "Write --username USER --domain DOMAIN.",
    });
  const overrides: { [K in keyof Overrides]: Overrides[K] | undefined } = {
    listen: many("listen")?.map((text) => take("--listen", readListen(text))),
    gateway: options.gateway === true ? true : undefined,
    allow: many("allow")?.map((text) => take("--allow", readWho(text))),
    deny: many("deny")?.map((text) => take("--deny", readWho(text))),
    noProxy: take("--no-proxy", readNoProxyOption(one("noProxy"))),
    parents: many("parent")?.map((text) => take("--parent", readParentUrl(text))),
    username,
    domain: one("domain"),
    passwordFile: absolute(one("passwordFile")),
    auth: take("--auth", readAuth(one("auth"))),
    probe: one("probe") === undefined ? undefined : take("--probe", readProbe(one("probe")!)),
    logLevel: one("logLevel") as LogSettings["level"] | undefined,
    logFormat: one("logFormat") as LogSettings["format"] | undefined,
    accessLog: options.accessLog === true ? true : undefined,
    metrics: one("metrics") === undefined ? undefined : take("--metrics", readListen(one("metrics")!)),
    stateDirectory: absolute(one("stateDirectory")),
    cntlmHashes:
      one("cntlmHashes") === undefined
        ? undefined
        : take("--cntlm-hashes", readCntlmEncoding(one("cntlmHashes")!)),
  };
  return Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined));
}

/** Lays the command line over what the file says. Parents from the command line take the place of all of the file's. */
export function applyOverrides(draft: Draft, overrides: Overrides, problems: Problems): void {
  const at = (option: string) => ({ file: option });
  const { listen, parents, allow, deny } = overrides;
  if (listen) draft.listen = listen.map((value) => ({ value, place: at("--listen") }));
  if (overrides.gateway) draft.gateway = true;
  if (allow || deny) {
    const before = draft.access.dialect === "sallyport" ? draft.access : { allow: undefined, deny: [] };
    draft.access = { dialect: "sallyport", allow: allow ?? before.allow, deny: deny ?? before.deny };
  }
  if (overrides.noProxy !== undefined)
    draft.noProxy = { text: overrides.noProxy, dialect: "sallyport", place: at("--no-proxy") };
  if (parents)
    draft.parents = parents.map((address) => ({
      address,
      place: at("--parent"),
      own: { place: at("--parent") },
    }));
  applyIdentity(draft.identity, overrides, problems);
  if (overrides.probe) draft.probe = overrides.probe;
  draft.log = {
    level: overrides.logLevel ?? draft.log.level,
    format: overrides.logFormat ?? draft.log.format,
    access: overrides.accessLog ?? draft.log.access,
  };
  if (overrides.metrics) draft.metrics = { value: overrides.metrics, place: at("--metrics") };
  draft.stateDirectory = overrides.stateDirectory ?? draft.stateDirectory;
}

function applyIdentity(
  identity: IdentityDraft,
  { username, domain, auth, passwordFile }: Overrides,
  problems: Problems,
): void {
  const renamed =
    (username !== undefined && identity.username !== undefined && username !== identity.username) ||
    (identity.secret?.kind === "ntlmv2" && domain !== undefined && domain !== identity.domain);
  // One person's name with another's password would be a failed logon, and a step towards a locked account.
  if (renamed && identity.secret && passwordFile === undefined)
    problems.error(
      { file: username === undefined ? "--domain" : "--username" },
      "it names another account than the file, whose password or hash is not that account's",
      "add --password-file",
    );
  if (username !== undefined) Object.assign(identity, { username, place: { file: "--username" } });
  if (domain !== undefined) identity.domain = domain;
  if (auth !== undefined) identity.auth = auth;
  if (passwordFile !== undefined)
    identity.secret = { kind: "file", path: passwordFile, place: { file: "--password-file" } };
}

function take<T>(option: string, reading: Reading<T>): T {
  if ("value" in reading) return reading.value;
  throw new UsageError(`${option}: ${reading.what}.`, { hint: `${sentence(reading.hint)}.` });
}

function readNoProxyOption(text: string | undefined): Reading<string | undefined> {
  const problem = text === undefined ? undefined : parseNoProxy(text).problems[0];
  return problem === undefined
    ? { value: text }
    : {
        what: problem.replace(/\.$/, ""),
        hint: 'separate entries by commas: "localhost,.corp.example,10.0.0.0/8"',
      };
}

function readAuth(auth: string | undefined): Reading<Overrides["auth"]> {
  const built = ["auto", "ntlm", "basic"] as const;
  if (auth === undefined) return { value: undefined };
  const known = built.find((one) => one === auth);
  if (known) return { value: known };
  const later = laterScheme(auth);
  return {
    what: later ? `${later} comes in a later version` : `"${auth}" is not a way to sign in`,
    hint: `write one of ${built.join(", ")}`,
  };
}

function absolute(path: string | undefined): string | undefined {
  return path === undefined ? undefined : resolve(path);
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The encoding that a text names: `0.92` or `0.94`. */
export function readCntlmEncoding(text: string): Reading<CntlmEncoding> {
  const known = cntlmEncodings.find((one) => one === text);
  return known
    ? { value: known }
    : { what: `"${text}" is no encoding of cntlm's hashes`, hint: `write ${cntlmEncodings.join(" or ")}` };
}
