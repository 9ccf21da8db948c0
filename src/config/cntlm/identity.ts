import { decodeCntlmHash } from "../../auth/cntlm-hash.ts";
import { Secret } from "../../core/secret.ts";
import { suggest } from "../../core/suggest.ts";
import type { IdentityDraft, SecretDraft } from "../draft.ts";
import { chooseEncoding, type GivenHashes } from "./encoding.ts";
import type { CntlmFile } from "./file.ts";
import type { CntlmSurroundings } from "./from-cntlm.ts";
import type { CntlmLine } from "./grammar.ts";

/** Who signs in. Domain and workstation go out in upper case, as from cntlm: PassNTLMv2 is bound to that. */
export function readIdentity(file: CntlmFile, around: CntlmSurroundings): IdentityDraft {
  checkAuth(file);
  const username = file.once("Username");
  const value = (name: string) => file.once(name)?.value || undefined;
  const secret = readSecret(file, around);
  return {
    username: value("Username"),
    domain: value("Domain")?.toUpperCase(),
    workstation: value("Workstation")?.toUpperCase(),
    auth: "ntlm",
    secret: secret === "broken" ? undefined : secret,
    place: file.place(username ?? {}),
    broken: secret === "broken",
  };
}

const laterDialects = ["ntlm2sr", "nt", "ntlm", "lm", "gss"];

function checkAuth(file: CntlmFile): void {
  const line = file.once("Auth");
  if (line === undefined) return;
  const auth = line.value.toLowerCase();
  if (auth === "ntlmv2") return;
  if (laterDialects.includes(auth))
    file.problems.error(
      file.place(line),
      `Auth ${line.value} comes in a later version`,
      auth === "gss" ? "until then use Auth NTLMv2" : "use Auth NTLMv2, the only one of them that is safe",
    );
  else {
    const near = suggest(auth, ["NTLMv2", "NTLM2SR", "NTLM", "GSS"]);
    file.problems.error(
      file.place(line),
      `Auth knows no "${line.value}"`,
      near ? `did you mean ${near}?` : "write Auth NTLMv2",
    );
  }
}

/** Password beats every hash, as in cntlm; of the hashes PassNTLMv2 beats PassNT. The command line beats all. */
function readSecret(file: CntlmFile, around: CntlmSurroundings): SecretDraft | "broken" | undefined {
  const given = around.commandLine?.password;
  if (given) return { kind: "password", value: given, place: { file: "-p" } };
  refuseAnotherAccount(file);
  const password = file.once("Password");
  if (password && password.value !== "")
    return { kind: "password", value: new Secret(password.value), place: file.place(password) };
  const hashes = readHashes(file);
  if (hashes === "broken") return "broken";
  const used = hashes.passNtlmv2 ?? hashes.passNt;
  if (used === undefined) {
    if (hashes.passLm === undefined) return undefined;
    file.problems.error(
      file.place(hashes.passLm),
      "with PassLM alone nobody can sign in by NTLMv2",
      "make the other two: sallyport hash --cntlm",
    );
    return "broken";
  }
  const place = file.place(used);
  const encoding = chooseEncoding(file, hashes, used, around);
  if (encoding === undefined) return "broken";
  const value = decodeCntlmHash(used.keyword, used.value, encoding);
  return { kind: used === hashes.passNtlmv2 ? "ntlmv2" : "nt", value, place };
}

/** One person's name with another's password would be a failed logon, and a step towards a locked account. */
function refuseAnotherAccount(file: CntlmFile): void {
  for (const name of ["Username", "Domain"]) {
    const [said, written] = file.all(name);
    if (said?.flag === undefined || written === undefined) continue;
    // A password is good in any domain; PassNTLMv2 is bound to one.
    if (name === "Domain" && (file.once("Password") || !file.once("PassNTLMv2"))) continue;
    if (said.value.toLowerCase() !== written.value.toLowerCase())
      file.problems.error(
        file.place(said),
        "it names another account than the file, whose password or hash is not that account's",
        "add -I, which asks for the password",
      );
  }
}

function readHashes(file: CntlmFile): GivenHashes | "broken" {
  const given: { -readonly [K in keyof GivenHashes]: CntlmLine } = {};
  let broken = false;
  for (const [key, name] of [
    ["passNtlmv2", "PassNTLMv2"],
    ["passNt", "PassNT"],
    ["passLm", "PassLM"],
  ] as const) {
    const line = file.once(name);
    if (line === undefined || line.value === "") continue;
    if (/^[0-9a-f]{32}$/i.test(line.value)) given[key] = line;
    else {
      broken = true;
      file.problems.error(
        file.place(line),
        `${name} is not 32 hex digits (it has ${line.value.length} characters)`,
        "make it again: sallyport hash --cntlm",
      );
    }
  }
  return broken ? "broken" : given;
}
