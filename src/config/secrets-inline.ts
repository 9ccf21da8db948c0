import type { ConfigFile } from "./config-file.ts";
import type { Draft, SecretDraft } from "./draft.ts";
import type { Problems } from "./problem.ts";

/**
 * A configuration with a password or a hash in it is itself a secret: hashes sign in as well as passwords do.
 * `sallyport.toml` must then be its owner's alone. cntlm's packages install cntlm.conf for root and a group
 * (0640), so a group is only warned about there; everybody else is refused.
 */
export function checkInlineSecrets(draft: Draft, file: ConfigFile, problems: Problems): void {
  const { kind } = draft;
  const secrets = inlineSecrets(draft);
  const first = secrets[0];
  if (first === undefined) return;
  const mode = file.mode.toString(8).padStart(4, "0");
  const forbidden = kind === "toml" ? 0o077 : 0o007;
  const what = `it holds ${first.kind === "password" ? "a password" : "a hash, which is as good as the password,"}`;
  if ((file.mode & forbidden) !== 0)
    problems.error(
      first.place,
      `${what} and others than its owner can use the file (its mode is ${mode})`,
      `run: chmod 600 ${quoted(file.path)}`,
    );
  else if ((file.mode & 0o077) !== 0)
    problems.warning(
      first.place,
      `${what} and a group can use the file (its mode is ${mode})`,
      `when nobody else is in that group all is well, else run: chmod 600 ${quoted(file.path)}`,
    );
  for (const { kind: of, place } of secrets)
    if (of === "password" && kind === "toml")
      problems.warning(
        place,
        "the password stands in the configuration",
        "put it into a file of its own: password_file keeps it out of copies and repositories",
      );
}

function inlineSecrets(draft: Draft): SecretDraft[] {
  const own = draft.parents.map((one) => (one.own === "none" ? undefined : one.own.secret));
  return [draft.identity.secret, ...own].filter(
    (one) => one !== undefined && one.kind !== "file" && one.kind !== "asked",
  );
}

/** A path as a shell takes it. */
function quoted(path: string): string {
  return /^[\w./@%+:,-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
