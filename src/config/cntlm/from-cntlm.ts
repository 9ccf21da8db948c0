import type { Draft, ParentDraft } from "../draft.ts";
import { defaultDraft } from "../from-toml.ts";
import { type Interfaces, isOwnAddress } from "../host-addresses.ts";
import type { Overrides } from "../overrides.ts";
import type { Problems } from "../problem.ts";
import { readParentHostPort } from "../values/parent-url.ts";
import { readAccessRules } from "./access-rules.ts";
import { CntlmFile } from "./file.ts";
import { readIdentity } from "./identity.ts";
import { readListeners } from "./listeners.ts";

/** What stands around the file when it is read. */
export interface CntlmSurroundings {
  readonly overrides?: Overrides;
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
  const file = new CntlmFile(text, path, problems);
  const { overrides } = around;
  const parents = readParents(file);
  const identity = readIdentity(file, around);
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
