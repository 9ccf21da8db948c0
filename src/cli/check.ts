import { defaultFile, readSettings } from "../config/load.ts";
import { overridesFromOptions } from "../config/overrides.ts";
import { type Problem, problemText } from "../config/problem.ts";
import type { Settings } from "../config/settings.ts";
import { listenText } from "../config/values/listen.ts";
import { parentText } from "../config/values/parent-url.ts";
import { credentialName } from "../core/credential.ts";
import type { CommandCall } from "./command.ts";

/** `sallyport check`: every mistake of a configuration, or in one line what it sets up. */
export async function run(call: CommandCall): Promise<number> {
  const file = (call.options.config as string | undefined) ?? call.arguments[0] ?? defaultFile;
  const { settings, problems } = readSettings({
    file,
    overrides: overridesFromOptions({ cntlmHashes: call.options.cntlmHashes }),
    env: call.env,
  });
  if (call.options.json === true)
    call.out.write(`${JSON.stringify(report(file, settings, problems), null, 2)}\n`);
  else print(call, file, settings, problems);
  return settings ? 0 : 1;
}

function report(file: string, settings: Settings | undefined, problems: readonly Problem[]) {
  return {
    ok: settings !== undefined,
    file,
    problems: problems.map(({ severity, file: where, line, column, what, hint }) => ({
      severity,
      file: where ?? file,
      line: line ?? null,
      column: column ?? null,
      what,
      hint: hint ?? null,
    })),
    ...(settings
      ? { listen: listeners(settings), parents: parents(settings), identity: identities(settings) }
      : {}),
  };
}

function print(
  { out }: CommandCall,
  file: string,
  settings: Settings | undefined,
  problems: readonly Problem[],
): void {
  for (const one of problems)
    out.write(`${one.severity === "warning" ? "warning: " : ""}${problemText({ file, ...defined(one) })}\n`);
  const errors = problems.filter((one) => one.severity === "error").length;
  if (settings) out.write(`${file}: ${summary(settings)}\n`);
  else out.write(`${file}: ${errors === 1 ? "1 mistake" : `${errors} mistakes`}\n`);
}

function summary(settings: Settings): string {
  const ways = parents(settings);
  const names = identities(settings);
  return [
    `listens on ${listeners(settings).join(", ")}`,
    ways.length > 0
      ? `goes out by ${ways.join(", then ")}`
      : "goes out as the environment's proxy variables say",
    names.length > 0 ? `signs in as ${names.join(", ")}` : "signs in as nobody",
  ].join("; ");
}

function listeners(settings: Settings): string[] {
  return settings.proxy.listen.map(listenText);
}

function parents(settings: Settings): string[] {
  return settings.proxy.parents.map(parentText);
}

/** Names and schemes; never a secret. */
function identities({ proxy }: Settings): string[] {
  const all = [...proxy.parents.map((one) => one.credential), proxy.identity];
  const names = all.flatMap((one) => (one ? [`${credentialName(one)} (${one.auth})`] : []));
  return [...new Set(names)];
}

function defined(problem: Problem): Problem {
  return Object.fromEntries(
    Object.entries(problem).filter(([, value]) => value !== undefined),
  ) as unknown as Problem;
}
