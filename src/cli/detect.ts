import { loadSettings } from "../config/load.ts";
import { overridesFromOptions } from "../config/overrides.ts";
import type { ParentSettings, Settings } from "../config/settings.ts";
import { type Credential, credentialName, hasSecret } from "../core/credential.ts";
import { UsageError } from "../core/errors.ts";
import { parseAbsolute, printable, type Target } from "../http1/target.ts";
import { Events } from "../observe/events.ts";
import { CredentialGuard } from "../parents/guard.ts";
import { RefusalFile } from "../parents/refusals.ts";
import { type Survey, surveyParent } from "../parents/survey.ts";
import { environmentParent } from "../proxy/make-context.ts";
import { proxyFromEnvironment } from "../routing/environment.ts";
import { askPassword } from "./ask-password.ts";
import type { CommandCall } from "./command.ts";

/** `sallyport detect [url]`: what each parent offers and accepts, and the configuration that follows. */
export async function run(call: CommandCall): Promise<number> {
  const { settings } = loadSettings({
    passwordFollows: true,
    file: call.options.config as string | undefined,
    overrides: overridesFromOptions(call.options),
    env: call.env,
  });
  const target = readUrl(call.arguments[0] ?? "http://example.com/");
  const configured =
    settings.proxy.parents.length > 0 ? settings.proxy.parents : environmentParents(settings, call);
  if (configured.length === 0)
    throw new UsageError("There is no parent to ask: none is configured.", {
      hint: "Give one: sallyport detect --parent http://HOST:PORT --username USER --domain DOMAIN",
    });
  const parents = await withPasswords(configured, call);
  const events = new Events();
  const refusals = new RefusalFile(settings.stateDirectory, (error) =>
    call.err.write(`sallyport: ${error.message}\n`),
  );
  const surveys: Survey[] = [];
  const signal = AbortSignal.timeout(LIMIT);
  for (const parent of parents) {
    const guard = await guardFor(parent.credential, refusals, events, call.options.again === true);
    surveys.push(await surveyParent(parent, target, { proxy: settings.proxy, guard, events, signal }));
  }
  if (call.options.json === true) call.out.write(`${JSON.stringify(asJson(surveys), null, 2)}\n`);
  else print(call, surveys, parents);
  return surveys.some(isWayOut) ? 0 : 1;
}

/** A person types `intranet.corp.example` and means the URL. */
function readUrl(text: string): Target {
  const url = text.includes("://") ? text : `http://${text}`;
  try {
    const target = parseAbsolute(url);
    if (target.scheme === "http") return target;
  } catch {
    // Said below: the parser's words are for clients of the proxy.
  }
  throw new UsageError(`"${printable(text)}" is not a URL that a parent can be asked for`, {
    hint: "Write one that begins with http://, and that you may reach through the parent.",
  });
}

/** With no parent configured, those that the environment's variables name, as for the proxy itself. */
function environmentParents({ proxy }: Settings, { env }: CommandCall): ParentSettings[] {
  const { http, https } = proxyFromEnvironment(env);
  const found = [http, https].filter((one) => one !== undefined);
  const unique = found.filter(
    (one, at) => found.findIndex((other) => other.host === one.host && other.port === one.port) === at,
  );
  return unique.map((one) => environmentParent(one, proxy.identity));
}

/** Asks for the password once, for the parents that name a user and nothing to sign in with. */
async function withPasswords(
  parents: readonly ParentSettings[],
  call: CommandCall,
): Promise<ParentSettings[]> {
  let asked: Credential["password"];
  const result: ParentSettings[] = [];
  for (const parent of parents) {
    const { credential } = parent;
    const bare = credential && !hasSecret(credential);
    if (bare && credential.username !== "") {
      asked ??= await askPassword(process.stdin, call.err);
      result.push({ ...parent, credential: { ...credential, password: asked } });
    } else result.push(parent);
  }
  return result;
}

async function guardFor(
  credential: Credential | undefined,
  refusals: RefusalFile,
  events: Events,
  again: boolean,
): Promise<CredentialGuard | undefined> {
  if (credential === undefined || !hasSecret(credential)) return undefined;
  if (again) {
    const key = await refusals.keyOf(credential);
    // One refusal stays on the count: a second one latches it again.
    await refusals.update(key, credentialName(credential), (before) => ({
      count: Math.min(1, before.count),
      at: 0,
      pending: false,
    }));
  }
  return new CredentialGuard(credential, refusals, events, 1);
}

function print({ out }: CommandCall, surveys: readonly Survey[], parents: readonly ParentSettings[]): void {
  surveys.forEach((survey, index) => {
    const who = parents[index]?.credential;
    out.write(`Parent ${survey.parent}\n`);
    if (survey.connectMs !== undefined) out.write(`  connected  in ${survey.connectMs.toFixed(1)} ms\n`);
    if (survey.open) out.write(`  offers     nothing: it answered ${survey.status} without a logon\n`);
    else if (survey.status !== undefined && survey.status !== 407 && survey.offers.length === 0)
      out.write(
        `  offers     not known: it answered ${survey.status} before it asked for a logon\n  mend       give a URL that you may reach through it: sallyport detect … http://HOST/\n`,
      );
    else if (survey.offers.length > 0) out.write(`  offers     ${[...new Set(survey.offers)].join(", ")}\n`);
    if (survey.scheme && who)
      out.write(
        `  logon      ${survey.scheme.toUpperCase()} as ${credentialName(who)}: ${survey.logon} (${survey.status})\n`,
      );
    else if (!survey.open && survey.status === 407 && !survey.error)
      out.write("  logon      not tried: no user is configured\n");
    if (survey.trace !== "not tried")
      out.write(
        survey.trace === "answered"
          ? "  TRACE      answered by the parent: spare connections can be kept signed in\n"
          : "  TRACE      refused: tunnels take two round trips, unless [proxy] probe names a URL\n",
      );
    if (survey.error) {
      out.write(`  failed     ${survey.error.message}\n`);
      if (survey.error.hint) out.write(`  mend       ${survey.error.hint}\n`);
    }
    out.write("\n");
  });
  const good = surveys.findIndex(isWayOut);
  if (good < 0) return;
  out.write(`# sallyport.toml\n${configFor(surveys, parents, good)}`);
}

function configFor(surveys: readonly Survey[], parents: readonly ParentSettings[], good: number): string {
  const lines: string[] = [];
  for (const [index, survey] of surveys.entries())
    if (survey.error === undefined)
      lines.push("[[proxy.parent]]", `url = "http://${surveys[index]!.parent}"`, "");
  const credential = parents[good]?.credential;
  const { scheme } = surveys[good]!;
  if (credential && scheme)
    lines.push(
      "[identity]",
      `username = ${JSON.stringify(credential.username)}`,
      ...(credential.domain === "" ? [] : [`domain = ${JSON.stringify(credential.domain)}`]),
      `auth = "${scheme}"`,
      'password_file = "/etc/sallyport/password"   # mode 600; or nt_hash, which `sallyport hash` prints',
      "",
    );
  return lines.join("\n");
}

/** Whether requests get out through this parent. */
function isWayOut(survey: Survey): boolean {
  return survey.error === undefined && (survey.open || survey.logon === "accepted");
}

function asJson(surveys: readonly Survey[]) {
  return {
    ok: surveys.some(isWayOut),
    parents: surveys.map(({ error, ...survey }) => ({
      ...survey,
      error: error ? { code: error.code, message: error.message, hint: error.hint ?? null } : null,
    })),
  };
}

const LIMIT = 60_000;
