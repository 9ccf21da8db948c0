import { type CntlmEncoding, cntlmHashes } from "../auth/cntlm-hash.ts";
import { ntHash, ntlmv2Hash } from "../auth/ntlm/hashes.ts";
import { readSecretFile } from "../config/secret-file.ts";
import { UsageError } from "../core/errors.ts";
import type { Secret } from "../core/secret.ts";
import { askPassword } from "./ask-password.ts";
import type { CommandCall } from "./command.ts";

interface HashOptions {
  readonly username?: string;
  readonly domain?: string;
  readonly passwordFile?: string;
  /** True without a value. */
  readonly cntlm?: boolean | CntlmEncoding;
}

/** `sallyport hash`: prints what a configuration holds in place of the password. */
export async function run(call: CommandCall): Promise<number> {
  const options = call.options as HashOptions;
  refuseLineBreaks(options);
  const password =
    options.passwordFile === undefined
      ? await askPassword(process.stdin, call.err)
      : readSecretFile(options.passwordFile);
  const lines = options.cntlm ? cntlmLines(password, options) : sallyportLines(password, options);
  call.out.write(`${lines.join("\n")}\n`);
  call.err.write("Whoever reads a hash can sign in with it: keep the file that holds it at mode 600.\n");
  if (options.cntlm && options.username === undefined)
    call.err.write(
      "PassNTLMv2 is made without a user name: give --username and --domain for one that works.\n",
    );
  return 0;
}

/** The names go into a comment: a line break in one would end it. */
function refuseLineBreaks(options: HashOptions): void {
  for (const name of ["username", "domain"] as const)
    if (/[\x00-\x1f\x7f]/.test(options[name] ?? ""))
      throw new UsageError(`The value of --${name} has a control character in it.`);
}

function sallyportLines(password: Secret<string>, { username, domain }: HashOptions): string[] {
  const nt = ntHash(password.reveal());
  const lines = [`nt_hash = "${hex(nt)}"`];
  if (username !== undefined && domain !== undefined)
    lines.push(
      `ntlmv2_hash = "${hex(ntlmv2Hash(nt, username, domain))}"  # only for user "${username}", domain "${domain}"`,
    );
  return lines;
}

/** Exactly as `cntlm -H` prints them: scripts cut them at their columns. */
function cntlmLines(password: Secret<string>, options: HashOptions): string[] {
  const { username = "", domain = "" } = options;
  const encoding = typeof options.cntlm === "string" ? options.cntlm : "0.92";
  const { passLm, passNt, passNtlmv2 } = cntlmHashes(password, username, domain, encoding);
  return [
    `PassLM          ${passLm.reveal()}`,
    `PassNT          ${passNt.reveal()}`,
    `PassNTLMv2      ${passNtlmv2.reveal()}    # Only for user '${username}', domain '${domain}'`,
  ];
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
