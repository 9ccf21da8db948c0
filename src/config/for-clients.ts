import { ConfigError } from "../core/errors.ts";
import { draftFromCntlm } from "./cntlm/from-cntlm.ts";
import { readConfigFile } from "./config-file.ts";
import { detectKind } from "./file-kind.ts";
import { draftFromToml } from "./from-toml.ts";
import { hostInterfaces } from "./host-addresses.ts";
import { Problems, problemText } from "./problem.ts";
import type { ListenAddress } from "./settings.ts";

/**
 * What a configuration says to clients: where the proxy listens, and what goes direct. Passwords are not read, so that
 * anybody may ask who can read the file.
 * @throws ConfigError when the file cannot be read or has mistakes
 */
export function readForClients(path: string, env: NodeJS.ProcessEnv): ForClients {
  const problems = new Problems();
  const file = readConfigFile(path, problems);
  const kind = file && detectKind(file.text);
  const around = { env, overrides: {}, interfaces: hostInterfaces(), commandLine: undefined };
  const draft =
    file &&
    (kind === "cntlm"
      ? draftFromCntlm(file.text, path, around, problems)
      : draftFromToml(file.text, path, problems));
  const errors = problems.sorted().filter((one) => one.severity === "error");
  if (draft === undefined || errors.length > 0)
    throw new ConfigError(errors.map(problemText).join("\n"), {
      hint: `Correct it (sallyport check -c ${path}), or name the proxy with --proxy.`,
    });
  const { text } = draft.noProxy;
  return {
    listen: draft.listen.map((one) => one.value),
    noProxy:
      kind === "cntlm"
        ? text
            .split(/[,\s]+/)
            .map(asNetwork)
            .join(",")
        : text,
  };
}

export interface ForClients {
  readonly listen: readonly ListenAddress[];
  /** In Sallyport's form. */
  readonly noProxy: string;
}

/** cntlm's own example says `10.*`, which for everybody else is `10.0.0.0/8`. */
function asNetwork(pattern: string): string {
  const octets = /^((?:\d{1,3}\.){1,3})\*$/.exec(pattern)?.[1]?.split(".").slice(0, -1);
  if (octets === undefined) return pattern;
  return `${[...octets, 0, 0, 0].slice(0, 4).join(".")}/${octets.length * 8}`;
}
