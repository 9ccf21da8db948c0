import { type CntlmEncoding, encodeCntlmHash } from "../../auth/cntlm-hash.ts";
import { ntHash, ntlmv2Hash } from "../../auth/ntlm/hashes.ts";
import { saidEncoding } from "../../config/cntlm/encoding.ts";
import { CntlmFile } from "../../config/cntlm/file.ts";
import { readConfigFile } from "../../config/config-file.ts";
import { loadSettings } from "../../config/load.ts";
import { Problems } from "../../config/problem.ts";
import type { Settings } from "../../config/settings.ts";
import type { Credential } from "../../core/credential.ts";
import { parseAbsolute, type Target } from "../../http1/target.ts";
import { Events } from "../../observe/events.ts";
import { CredentialGuard } from "../../parents/guard.ts";
import { RefusalFile } from "../../parents/refusals.ts";
import { type Survey, surveyParent } from "../../parents/survey.ts";
import type { CommandLine } from "./command-line.ts";
import { promptForPassword } from "./prompt.ts";
import { say, tell } from "./say.ts";

/**
 * `cntlm -M url`, with cntlm's output. Only NTLMv2 is tried, once and under the lockout guard: cntlm goes on to the
 * other dialects, each a failed logon more.
 * @returns 0 when the parent let it through, with or without a logon, else 1
 */
export async function detectDialect(line: CommandLine, file: string | undefined): Promise<number> {
  const target = parseAbsolute(line.url);
  const password = (await promptForPassword()) ?? line.password;
  const { settings } = loadSettings({
    file,
    cntlm: { lines: line.lines, password },
    env: process.env,
    // Nothing is served: where to listen does not matter.
    overrides: { listen: [{ kind: "address", host: "127.0.0.1", port: 0 }] },
  });
  process.stdout.write("Config profile  1/4... ");
  const { survey, credential } = await surveyFirst(settings, target);
  return report(survey, credential, () => encodingOf(file));
}

/** The first parent that can be connected to, as cntlm: only one is ever signed in to. */
async function surveyFirst(settings: Settings, target: Target) {
  const { proxy } = settings;
  const events = new Events();
  const refusals = new RefusalFile(settings.stateDirectory, (error) => say(error.message));
  const signal = AbortSignal.timeout(LIMIT);
  for (let index = 0; ; index++) {
    const parent = proxy.parents[index]!;
    const { credential } = parent;
    const guard = credential && new CredentialGuard(credential, refusals, events, 1);
    const survey = await surveyParent(parent, target, { proxy, guard, events, signal });
    if (survey.connectMs !== undefined || index === proxy.parents.length - 1) return { survey, credential };
  }
}

function report(survey: Survey, credential: Credential | undefined, encoding: () => CntlmEncoding): number {
  const { out, code } = verdict(survey, credential, encoding);
  process.stdout.write(out);
  if (survey.error?.code === "SP_SCHEME")
    say(`The parent offers ${survey.offers.join(", ")}, and only NTLM is tried here.`);
  else if (survey.error) tell(survey.error);
  if (survey.logon === "refused")
    say("The dialects NTLM, LM and NTLM2SR are not tried: each would be one more failed logon.");
  if (!survey.open && !credential)
    say("There is nobody to sign in as: give -u and -d, and the password when asked.");
  return code;
}

function verdict(
  { logon, error, connectMs, offers, open, status }: Survey,
  credential: Credential | undefined,
  encoding: () => CntlmEncoding,
): { readonly out: string; readonly code: number } {
  if (open)
    return {
      out: `Auth not required (HTTP code: ${status})\n\nYour proxy is open, you don't need another proxy.\n`,
      code: 0,
    };
  if ((logon === "accepted" || logon === "unclear") && credential)
    return { out: `OK (HTTP code: ${status})\n${box(credential, encoding())}`, code: 0 };
  if (connectMs === undefined) return { out: "\nConnection to proxy failed, bailing out\n", code: 1 };
  const offered = offers.map((one) => one.toLowerCase());
  const why =
    logon === "refused" || !credential || error?.code === "SP_CREDENTIAL_LATCHED"
      ? "Credentials rejected"
      : offered.includes("ntlm") || error?.code === "SP_NO_ANSWER"
        ? "Connection closed"
        : offered.includes("basic")
          ? "Proxy doesn't offer NTLM"
          : "Proxy doesn't offer NTLM or BASIC";
  return {
    out: `${why}\n\nWrong credentials, invalid URL or proxy doesn't support NTLM nor BASIC.\n`,
    code: 1,
  };
}

function box(credential: Credential, encoding: CntlmEncoding): string {
  const { password, ntHash: nt, ntlmv2Hash: made, username, domain } = credential;
  const hash =
    made?.reveal() ?? ntlmv2Hash(nt?.reveal() ?? ntHash(password?.reveal() ?? ""), username, domain);
  return (
    "----------------------------[ Profile  0 ]------\n" +
    `Auth            NTLMv2\nPassNTLMv2      ${encodeCntlmHash(hash, encoding)}\n` +
    "------------------------------------------------\n"
  );
}

/** The hash is for this file: a file of 0.94 wants it in 0.94's encoding. */
function encodingOf(file: string | undefined): CntlmEncoding {
  const problems = new Problems();
  const text = file === undefined ? "" : (readConfigFile(file, problems)?.text ?? "");
  const said = saidEncoding(new CntlmFile(text, file, problems), { env: process.env, interfaces: {} });
  return said === undefined || said === "broken" ? "0.92" : said.encoding;
}

const LIMIT = 60_000;
