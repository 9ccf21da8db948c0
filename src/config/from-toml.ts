import { dirname, resolve } from "node:path";
import { Secret } from "../core/secret.ts";
import type { Draft, IdentityDraft, SecretDraft } from "./draft.ts";
import { noteIssue } from "./issues.ts";
import type { Problems } from "./problem.ts";
import { type Config, type CredentialConfig, schema } from "./schema.ts";
import { readToml, type TomlDocument } from "./toml.ts";

/** Reads `sallyport.toml`. What is wrong is noted and left out, so that the rest can be judged as well. */
export function draftFromToml(text: string, file: string | undefined, problems: Problems): Draft {
  const document = readToml(text, file);
  problems.list.push(...document.problems);
  const { config, broken } = validate(document, problems);
  const { proxy } = config;
  const identities = new IdentityReader(document, file, broken, problems);
  return {
    kind: "toml",
    file,
    listen: proxy.listen.map((value, index) => ({
      value,
      place: document.placeOf(["proxy", "listen", index]),
    })),
    gateway: proxy.gateway,
    access: { dialect: "sallyport", allow: proxy.allow, deny: proxy.deny },
    noProxy: {
      text: proxy.no_proxy,
      dialect: "sallyport",
      place: document.placeOfValue(["proxy", "no_proxy"]),
    },
    identity: identities.read(config.identity, ["identity"]),
    parents: proxy.parent.map((one, index) => {
      const path = ["proxy", "parent", index];
      return {
        address: one.url,
        place: document.placeOf([...path, "url"]),
        own: one.auth === "none" ? "none" : identities.read(one as CredentialConfig, path),
      };
    }),
    clients: proxy.client.map((one, index) => ({
      username: one.username,
      passwordFile: identities.resolve(one.password_file),
      place: document.placeOf(["proxy", "client", index, "password_file"]),
    })),
    allowTargets: proxy.allow_targets,
    timeouts: {
      connect: proxy.timeouts.connect,
      originConnect: proxy.timeouts.origin_connect,
      answer: proxy.timeouts.answer,
      response: proxy.timeouts.response,
      head: proxy.timeouts.head,
      keepAlive: proxy.timeouts.keep_alive,
      idle: proxy.timeouts.idle,
      stop: proxy.timeouts.stop,
    },
    limits: {
      headBytes: proxy.limits.head_bytes,
      headFields: proxy.limits.head_fields,
      connections: proxy.limits.connections,
    },
    pool: { maxIdle: proxy.pool.max_idle, idle: proxy.pool.idle, logons: proxy.pool.logons },
    probe: proxy.probe,
    log: config.log,
    metrics: config.metrics.listen && {
      value: config.metrics.listen,
      place: document.placeOf(["metrics", "listen"]),
    },
    stateDirectory: config.state.directory,
  };
}

/** The draft of no file at all: the schema's defaults. */
export function defaultDraft(problems: Problems): Draft {
  return draftFromToml("", undefined, problems);
}

/** Notes every issue, takes out what is wrong, and validates again, until what is left is right. */
function validate(
  document: TomlDocument,
  problems: Problems,
): { config: Config; broken: ReadonlySet<string> } {
  const broken = new Set<string>();
  for (;;) {
    const result = schema.safeParse(document.value);
    if (result.success) return { config: result.data, broken };
    const { issues } = result.error;
    for (const issue of issues) noteIssue(problems, document, issue);
    const paths = issues.flatMap((issue) =>
      issue.code === "unrecognized_keys" ? issue.keys.map((key) => [...issue.path, key]) : [issue.path],
    );
    for (const path of paths) broken.add(String(path[0]));
    document.remove(paths);
  }
}

class IdentityReader {
  readonly #document: TomlDocument;
  readonly #file: string | undefined;
  readonly #broken: ReadonlySet<string>;
  readonly #problems: Problems;

  constructor(
    document: TomlDocument,
    file: string | undefined,
    broken: ReadonlySet<string>,
    problems: Problems,
  ) {
    this.#document = document;
    this.#file = file;
    this.#broken = broken;
    this.#problems = problems;
  }

  read(keys: CredentialConfig, path: readonly (string | number)[]): IdentityDraft {
    const { username, domain, workstation } = keys;
    return {
      username,
      domain,
      workstation,
      auth: keys.auth === "none" ? undefined : keys.auth,
      secret: this.#secret(keys, path),
      place: this.#document.placeOf(path),
      broken: this.#document.problems.length > 0 || this.#broken.has(String(path[0])),
    };
  }

  /** A path as the file means it: relative ones start at the file's folder. */
  resolve(path: string): string {
    return resolve(this.#file === undefined ? "." : dirname(this.#file), path);
  }

  #secret(keys: CredentialConfig, path: readonly (string | number)[]): SecretDraft | undefined {
    const found = secretKeys.filter((key) => keys[key] !== undefined);
    const key = found[0];
    if (key === undefined) return undefined;
    for (const other of found.slice(1))
      this.#problems.error(
        this.#document.placeOf([...path, other]),
        `${other} is given beside ${key}`,
        "keep one of the two",
      );
    const place = this.#document.placeOf([...path, key]);
    const value = keys[key]!;
    if (key === "password_file") return { kind: "file", path: this.resolve(value), place };
    if (key === "password") return { kind: "password", value: new Secret(value), place };
    const hash = new Secret<Uint8Array>(Buffer.from(value, "hex"));
    return { kind: key === "nt_hash" ? "nt" : "ntlmv2", value: hash, place };
  }
}

const secretKeys = ["password_file", "password", "nt_hash", "ntlmv2_hash"] as const;
