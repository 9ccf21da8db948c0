import { existsSync } from "node:fs";
import { ConfigError } from "../core/errors.ts";
import { type CntlmCommandLine, draftFromCntlm } from "./cntlm/from-cntlm.ts";
import { type ConfigFile, readConfigFile } from "./config-file.ts";
import type { Draft } from "./draft.ts";
import { detectKind } from "./file-kind.ts";
import { finish } from "./finish.ts";
import { deepFreeze } from "./freeze.ts";
import { defaultDraft, draftFromToml } from "./from-toml.ts";
import { hostInterfaces, type Interfaces } from "./host-addresses.ts";
import { applyOverrides, type Overrides } from "./overrides.ts";
import { type Problem, Problems, problemText } from "./problem.ts";
import { checkInlineSecrets } from "./secrets-inline.ts";
import type { Settings } from "./settings.ts";

export interface LoadInput {
  /** Without it `/etc/sallyport/sallyport.toml` is read when it is there. */
  readonly file?: string | undefined;
  readonly overrides?: Overrides;
  /** Started under the name `cntlm`: the file is a cntlm.conf, and no other is read when there is none. */
  readonly cntlm?: CntlmCommandLine | undefined;
  /** Leaves an account without a password as it is: a person will be asked for it. */
  readonly passwordFollows?: boolean;
  readonly env: NodeJS.ProcessEnv;
  /** The host's interfaces; tests give their own. */
  readonly interfaces?: Interfaces;
}

export const defaultFile = "/etc/sallyport/sallyport.toml";

/**
 * The settings, from the file, the command line over it, and the defaults under it. Frozen.
 * @throws ConfigError with every mistake on a line of its own
 */
export function loadSettings(input: LoadInput): { settings: Settings; problems: readonly Problem[] } {
  const { settings, problems } = readSettings(input);
  if (settings) return { settings, problems };
  const errors = problems.filter((one) => one.severity === "error");
  const count = errors.length === 1 ? "a mistake" : `${errors.length} mistakes`;
  throw new ConfigError(
    `The configuration has ${count}:\n${errors.map((one) => `  ${problemText(one)}`).join("\n")}`,
    {
      hint: input.file
        ? `Correct it, then run: sallyport check -c ${input.file}`
        : "Correct it; `sallyport help proxy` has the options, docs/configuration.md the keys.",
    },
  );
}

/** As {@link loadSettings}, without throwing: settings are undefined when a problem is an error. */
export function readSettings(input: LoadInput): {
  settings: Settings | undefined;
  problems: readonly Problem[];
} {
  const problems = new Problems();
  const draft = readDraft(input, problems);
  if (draft === undefined) return { settings: undefined, problems: problems.sorted() };
  applyOverrides(draft, input.overrides ?? {}, problems);
  const { identity } = draft;
  if (input.passwordFollows && identity.username !== undefined)
    identity.secret ??= { kind: "asked", place: identity.place };
  const settings = finish(draft, problems, input.env, input.interfaces ?? hostInterfaces());
  const sorted = problems.sorted();
  if (problems.failed) return { settings: undefined, problems: sorted };
  const warnings = sorted.map(problemText);
  return { settings: deepFreeze({ ...settings, warnings }), problems: sorted };
}

function readDraft(input: LoadInput, problems: Problems): Draft | undefined {
  const path = input.file ?? (!input.cntlm && existsSync(defaultFile) ? defaultFile : undefined);
  if (path === undefined) return input.cntlm ? fromCntlm(noFile, input, problems) : defaultDraft(problems);
  const file = readConfigFile(path, problems);
  if (file === undefined) return undefined;
  const kind = input.cntlm ? "cntlm" : detectKind(file.text);
  const draft = kind === "cntlm" ? fromCntlm(file, input, problems) : fromToml(file, problems);
  if (!input.cntlm?.password) checkInlineSecrets(draft, file, problems);
  return draft;
}

const noFile = { path: undefined, text: "", utf8: true };

function fromCntlm(
  file: Pick<ConfigFile, "text" | "utf8"> & { path: string | undefined },
  input: LoadInput,
  problems: Problems,
): Draft {
  if (!file.utf8)
    problems.warning({ file: file.path }, "it is not UTF-8, and is read as Windows-1252", "save it as UTF-8");
  const { env, overrides = {}, interfaces = hostInterfaces() } = input;
  const around = { env, overrides, interfaces, commandLine: input.cntlm };
  return draftFromCntlm(file.text, file.path, around, problems);
}

function fromToml(file: ConfigFile, problems: Problems): Draft {
  if (!file.utf8)
    problems.error({ file: file.path }, "TOML is UTF-8, and this file is not", "save it as UTF-8");
  // What is no text has no lines to find mistakes in.
  if (!file.utf8) return defaultDraft(problems);
  return draftFromToml(file.text, file.path, problems);
}
