import type { Secret } from "../../core/secret.ts";
import type { Draft, ParentDraft } from "../draft.ts";
import { defaultDraft } from "../from-toml.ts";
import { type Interfaces, isOwnAddress } from "../host-addresses.ts";
import type { Overrides } from "../overrides.ts";
import type { Problems } from "../problem.ts";
import { readParentHostPort } from "../values/parent-url.ts";
import { readAccessRules } from "./access-rules.ts";
import { CntlmFile } from "./file.ts";
import type { CntlmLine } from "./grammar.ts";
import { readIdentity } from "./identity.ts";
import { readListeners } from "./listeners.ts";

/** What cntlm's own command line says. It stands over the file. */
export interface CntlmCommandLine {
  /** As lines of the file, each with its flag; single options at most once. */
  readonly lines: readonly CntlmLine[];
  /** Of `-p` or `-I`: beats what the file has. */
  readonly password?: Secret<string> | undefined;
}

/** What stands around the file when it is read. */
export interface CntlmSurroundings {
  readonly overrides?: Overrides;
  /** Only when started under the name `cntlm`. */
  readonly commandLine?: CntlmCommandLine | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly interfaces: Interfaces;
}

/** Reads cntlm.conf or cntlm.ini as cntlm does; where cntlm is unsafe the safe thing is done (docs/cntlm.md lists it). */
export function draftFromCntlm(
  text: string,
  path: string | undefined,
  around: CntlmSurroundings,
  problems: Problems,
): Draft {
  const { overrides, commandLine } = around;
  const file = new CntlmFile(text, path, problems, commandLine?.lines);
  const parents = readParents(file);
  const identity = readIdentity(file, around);
  // `sallyport proxy` then goes by the environment's variables. cntlm does not know those, and does not start.
  if (commandLine && file.all("Proxy").length === 0)
    problems.error(
      { file: path },
      "no parent proxy is named",
      "add a line: Proxy host:port, or name it at the end of the command line",
    );
  if (
    file.once("Username") === undefined &&
    overrides?.username === undefined &&
    !identity.secret &&
    parents.length > 0
  )
    problems.warning(
      { file: path },
      "there is no Username: parents that want a sign-in will refuse",
      "add Username and PassNTLMv2",
    );
  const noProxy = file.all("NoProxy");
  return {
    ...defaultDraft(problems),
    kind: "cntlm",
    file: path,
    listen: readListeners(file, overrides?.listen !== undefined, isOwnAddress("::1", around.interfaces)),
    gateway: file.isYes("Gateway"),
    access: { dialect: "cntlm", rules: readAccessRules(file) },
    noProxy: {
      text: noProxy.map((line) => line.value).join(","),
      dialect: "cntlm",
      place: file.place(noProxy[0] ?? {}),
    },
    identity,
    parents,
  };
}

function readParents(file: CntlmFile): ParentDraft[] {
  return file.all("Proxy").flatMap((line) => {
    const place = file.place(line);
    const address = file.problems.take(place, readParentHostPort(line.value));
    return address ? [{ address, place, own: { place } }] : [];
  });
}
