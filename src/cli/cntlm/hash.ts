import { cntlmHashes } from "../../auth/cntlm-hash.ts";
import { saidEncoding } from "../../config/cntlm/encoding.ts";
import { CntlmFile } from "../../config/cntlm/file.ts";
import { readConfigFile } from "../../config/config-file.ts";
import { Problems, problemText } from "../../config/problem.ts";
import { ConfigError, UsageError } from "../../core/errors.ts";
import { Secret } from "../../core/secret.ts";
import type { CommandLine } from "./command-line.ts";
import { promptForPassword } from "./prompt.ts";

/**
 * `cntlm -H`: prints the three hashes exactly as cntlm does, prompt on standard output included. What is typed or
 * piped in counts; when there is none, -p, then the file's Password. User and domain may come from the file; what
 * else stands there does not matter.
 */
export async function printHashes(line: CommandLine, file: string | undefined): Promise<number> {
  const problems = new Problems();
  const text = file === undefined ? "" : readConfigFile(file, problems)?.text;
  if (text === undefined) throw new ConfigError(`${problems.list.map(problemText).join("\n")}.`);
  const read = new CntlmFile(text, file, problems, line.lines);
  const typed = await promptForPassword();
  const inFile = read.once("Password")?.value;
  const password = typed ?? line.password ?? (inFile ? new Secret(inFile) : undefined);
  if (password === undefined)
    throw new UsageError("No password was given.", {
      hint: "Type it when asked, or pipe it in as one line.",
    });
  const user = read.once("Username")?.value ?? "";
  const domain = read.once("Domain")?.value ?? "";
  // Lines for a file of 0.94 must be in its encoding.
  const said = saidEncoding(read, { env: process.env, interfaces: {} });
  const encoding = said === undefined || said === "broken" ? "0.92" : said.encoding;
  const { passLm, passNt, passNtlmv2 } = cntlmHashes(password, user, domain, encoding);
  process.stdout.write(
    `PassLM          ${passLm.reveal()}\nPassNT          ${passNt.reveal()}\n` +
      `PassNTLMv2      ${passNtlmv2.reveal()}    # Only for user '${user}', domain '${domain}'\n`,
  );
  return 0;
}
