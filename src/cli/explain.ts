import { readFileSync } from "node:fs";
import { ConfigError, UsageError } from "../core/errors.ts";
import { maskUserinfo, showControls } from "../observe/redact.ts";
import { type Advice, adviseSpelling, dissenters } from "../routing/advice.ts";
import { agree, type DecisionOfClient, decideForAll, readers } from "../routing/clients/decide.ts";
import { getVariable, type Variables } from "../routing/clients/variables.ts";
import { maskPasswords, passwordsIn } from "../routing/mask.ts";
import type { CommandCall } from "./command.ts";
import { parseEnvFile } from "./env-file.ts";

/** `sallyport explain`: what each client does with a URL, by which rule, and where they disagree. */
export async function run(call: CommandCall): Promise<number> {
  const url = readUrl(call.arguments[0] ?? "");
  const variables = readVariables(call);
  const mask = masker(variables);
  const decisions = decideForAll(variables, url).map((one) => ({ ...one, rule: mask(one.rule) }));
  const agreed = agree(decisions);
  const advice = agreed ? undefined : adviseSpelling(variables, url);
  if (call.options.json === true) {
    const report = { url: maskUserinfo(url), clients: decisions, agree: agreed, ...forScripts(advice, mask) };
    call.out.write(`${JSON.stringify(report, null, 2)}\n`);
  } else {
    const lines = [...table(decisions), "", ...verdict(decisions), ...spelling(advice, variables, mask)];
    call.out.write(`${lines.join("\n")}\n`);
  }
  return 0;
}

function readUrl(text: string): string {
  if (/^https?:\/\/[^/]/i.test(text) && URL.canParse(text)) return text;
  const example = /^[\w.-]+(:\d+)?(\/|$)/.test(text) ? `https://${text}` : "https://example.com";
  throw new UsageError(`"${maskUserinfo(showControls(text))}" is not an http:// or https:// URL.`, {
    hint: `Write scheme and host: sallyport explain ${example}`,
  });
}

/** Those that some client reads. `--set` comes last, as a variable does that is set for one command. */
function readVariables({ options, env }: CommandCall): Variables {
  const file = options.envFile as string | undefined;
  const present = file === undefined ? fromProcess(env) : readEnvFile(file);
  const set = ((options.set as string[] | undefined) ?? []).map((text) => {
    const at = text.indexOf("=");
    if (at < 1)
      throw new UsageError("--set takes NAME=VALUE, and what was given has no = or no name.", {
        hint: "For example: --set no_proxy=.corp.example",
      });
    return [text.slice(0, at), text.slice(at + 1)] as const;
  });
  const all = set.reduce<Variables>(
    (before, one) => [...before.filter(([name]) => name !== one[0]), one],
    present,
  );
  return all.filter(([name]) =>
    /^(\w+_proxy|proxy|request_method|node_use_env_proxy|node_options)$/i.test(name),
  );
}

function fromProcess(env: NodeJS.ProcessEnv): Variables {
  return Object.entries(env).map(([name, value]) => [name, value ?? ""] as const);
}

function readEnvFile(path: string): Variables {
  try {
    return parseEnvFile(readFileSync(path, "utf8"), path);
  } catch (thrown) {
    if (thrown instanceof ConfigError) throw thrown;
    throw new ConfigError(`The file of variables ${path} cannot be read: ${(thrown as Error).message}.`, {
      hint: "Correct the path after --env-file.",
      cause: thrown,
    });
  }
}

type Mask = (text: string) => string;

function masker(variables: Variables): Mask {
  const passwords = passwordsIn(variables.map(([, value]) => value));
  return (text) => maskUserinfo(maskPasswords(text, passwords));
}

function table(decisions: readonly DecisionOfClient[]): string[] {
  const rows = [
    ["client", "decision", "proxy", "rule"],
    ...decisions.map(({ client, decision, proxy, rule }) => [
      client,
      decision,
      proxy ?? "-",
      showControls(rule),
    ]),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

function verdict(decisions: readonly DecisionOfClient[]): string[] {
  const reading = readers(decisions);
  const ignoring = decisions.filter((one) => !reading.includes(one)).map(({ client }) => client);
  const aside = `${ignoring.join(" and ")} read no proxy variables and are left out.`;
  const odd = dissenters(reading);
  if (odd.length === 0) return [`All agree; ${aside}`];
  const { decision, proxy } = reading.find(({ client }) => !odd.includes(client))!;
  const most = { proxy: `go to ${proxy}`, direct: "go direct", error: "fail" }[decision];
  return [`They disagree: most ${most}, but not ${odd.join(", ")}; ${aside}`];
}

/** Which variables would mend it. */
function spelling(advice: Advice | undefined, variables: Variables, mask: Mask): string[] {
  if (advice === undefined) return [];
  if ("problem" in advice) return [advice.problem.message, advice.problem.hint ?? ""].map(mask);
  const changes = advice.variables.filter(([name, value]) => getVariable(variables, name) !== value);
  if (changes.length === 0)
    return [
      `No spelling makes them agree on this URL: ${advice.dissent.join(", ")} read it in their own way.`,
    ];
  const lead =
    advice.dissent.length === 0
      ? "They would agree with:"
      : `With these variables only ${advice.dissent.join(", ")} would differ:`;
  return [lead, ...changes.map(([name, value]) => `  ${name}=${showControls(mask(value))}`)];
}

function forScripts(advice: Advice | undefined, mask: Mask): object {
  if (advice === undefined) return {};
  if ("problem" in advice) return { problem: mask(advice.problem.message) };
  const variables = advice.variables.map(([name, value]) => [name, mask(value)] as const);
  return { wouldAgree: Object.fromEntries(variables), wouldDiffer: advice.dissent };
}
