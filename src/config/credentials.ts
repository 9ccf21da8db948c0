import { type Credential, credentialName } from "../core/credential.ts";
import { SallyportError } from "../core/errors.ts";
import type { Secret } from "../core/secret.ts";
import type { IdentityDraft, SecretDraft } from "./draft.ts";
import type { Place, Problems } from "./problem.ts";
import { readSecretFile } from "./secret-file.ts";

/**
 * The credential that an identity amounts to, its password file read; undefined when it names nobody.
 * What does not fit together is noted.
 */
export function buildCredential(identity: IdentityDraft, problems: Problems): Credential | undefined {
  const { username, secret, place } = identity;
  if (username === undefined && secret === undefined) return undefined;
  if (username === undefined || secret === undefined) {
    if (!identity.broken) noteHalf(username, secret, place, problems);
    return undefined;
  }
  const auth = identity.auth ?? "auto";
  if (auth === "basic" && (secret.kind === "nt" || secret.kind === "ntlmv2"))
    problems.error(
      secret.place,
      "a hash cannot sign in by Basic",
      'give a password_file, or take auth = "ntlm"',
    );
  const credential = {
    username,
    domain: identity.domain ?? "",
    workstation: identity.workstation ?? "",
    auth,
  };
  if (secret.kind === "asked") return credential;
  if (secret.kind === "nt") return { ...credential, ntHash: secret.value };
  if (secret.kind === "ntlmv2") return { ...credential, ntlmv2Hash: secret.value };
  const password =
    secret.kind === "password" ? secret.value : readPasswordFile(secret.path, secret.place, problems);
  return password && { ...credential, password };
}

/** What a parent says of its own, laid over the identity of all. */
export function mergeIdentity(own: IdentityDraft, common: IdentityDraft, problems: Problems): IdentityDraft {
  const changes = (key: "username" | "domain") => own[key] !== undefined && own[key] !== common[key];
  // A secret belongs to its user: another user's name never goes out with it.
  const secret = own.secret ?? (changes("username") ? undefined : common.secret);
  if (secret?.kind === "ntlmv2" && secret === common.secret && changes("domain"))
    problems.error(
      own.place,
      "the parent has another domain than [identity], whose ntlmv2_hash is bound to its own domain",
      "give this parent an ntlmv2_hash of its own",
    );
  return {
    username: own.username ?? common.username,
    domain: own.domain ?? common.domain,
    workstation: own.workstation ?? common.workstation,
    auth: own.auth ?? common.auth,
    secret,
    place: own.username !== undefined || own.secret !== undefined ? own.place : common.place,
    broken: own.broken === true || common.broken === true,
  };
}

/** The password in a file; what is wrong with the file is noted at the place that names it. */
export function readPasswordFile(path: string, place: Place, problems: Problems): Secret<string> | undefined {
  try {
    return readSecretFile(path);
  } catch (thrown) {
    if (!(thrown instanceof SallyportError)) throw thrown;
    problems.error(place, thrown.message.replace(/\.$/, ""), thrown.hint?.replace(/\.$/, ""));
    return undefined;
  }
}

function noteHalf(
  username: string | undefined,
  secret: SecretDraft | undefined,
  place: Place,
  problems: Problems,
): void {
  if (username === undefined)
    problems.error(secret?.place ?? place, "there is a secret, but no username", "add username, and domain");
  else
    problems.error(
      place,
      `${credentialName({ username, domain: "" })} has neither a password nor a hash`,
      "add password_file, nt_hash or ntlmv2_hash",
    );
}
