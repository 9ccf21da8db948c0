/**
 * Writes the parts of docs/ that are made from the code; with --check only says whether they are in step.
 * A generated part stands between `<!-- generated: NAME -->` and `<!-- end -->`.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CntlmFlag, cntlmFlags } from "../src/cli/cntlm/flags.ts";
import { commands } from "../src/cli/commands.ts";
import { cntlmOptions } from "../src/config/cntlm/options.ts";
import { tables } from "../src/config/schema-walk.ts";
import { errorKinds } from "../src/core/errors.ts";
import { describeMetrics } from "../src/observe/metrics.ts";
import { entriesTable, spellingTable } from "./client-tables.ts";

const parts: Record<string, () => string> = {
  "clients-spelling": spellingTable,
  "clients-entries": entriesTable,
  errors: () =>
    [
      "| code | what went wrong | exit | HTTP status |",
      "|---|---|---|---|",
      ...errorKinds.map((one) => `| \`${one.code}\` | ${one.title} | ${one.exitCode} | ${one.status} |`),
    ].join("\n"),
  metrics: () =>
    [
      "| metric | type | labels | meaning |",
      "|---|---|---|---|",
      ...describeMetrics().map(
        (one) =>
          `| \`${one.name}\` | ${one.type} | ${one.labels.map((label) => `\`${label}\``).join(", ")} | ${one.help} |`,
      ),
    ].join("\n"),
  commands: () =>
    commands
      .map((one) =>
        [
          `## sallyport ${[one.name, ...(one.arguments ?? []).map((arg) => arg.name)].join(" ")}`,
          "",
          one.description ?? one.summary,
          ...(one.options.length > 0 ? ["", "| option | meaning |", "|---|---|"] : []),
          ...one.options.map(
            (option) =>
              `| \`${option.flags.replaceAll("|", "\\|")}\` | ${option.description.replaceAll("|", "\\|")} |`,
          ),
          "",
          ...one.examples.map((example) => `- \`${example.command}\`: ${example.does}`),
        ].join("\n"),
      )
      .join("\n\n"),
  configuration: () =>
    tables()
      .filter((table) => table.keys.length > 0)
      .map((table) =>
        [
          `### ${table.list ? `[[${table.path}]]` : `[${table.path}]`}`,
          "",
          "| key | form | default | meaning |",
          "|---|---|---|---|",
          ...table.keys.map(
            (key) =>
              `| \`${key.name}\` | ${key.form} | ${defaultText(key)} | ${key.description.replaceAll("|", "\\|")} |`,
          ),
        ].join("\n"),
      )
      .join("\n\n"),
  "cntlm-options": () =>
    [
      "| option | here |",
      "|---|---|",
      ...cntlmOptions.map((one) => `| \`${one.name}\` | ${cntlmNote(one)} |`),
    ].join("\n"),
  "cntlm-flags": () =>
    [
      "| flag | here |",
      "|---|---|",
      ...cntlmFlags.map(
        (one) =>
          `| \`-${one.letter}${one.takes === undefined ? "" : ` ${one.takes.replaceAll("|", "\\|")}`}\` | ${flagNote(one)} |`,
      ),
    ].join("\n"),
};

function flagNote({ keyword, does }: CntlmFlag): string {
  if (keyword === undefined) return `${does[0]!.toUpperCase()}${does.slice(1)}.`;
  const option = cntlmOptions.find((one) => one.name === keyword)!;
  if (option.use === "once" || option.use === "many")
    return keyword === "NTLMToBasic"
      ? "Refused until a later version brings it."
      : `\`${keyword}\`: ${does}.`;
  return option.use === "later" ? "Refused until a later version brings it." : `Refused, as \`${keyword}\`.`;
}

function defaultText(key: { initial: unknown; required: boolean }): string {
  if (key.required) return "required";
  return key.initial === undefined ? "–" : `\`${JSON.stringify(key.initial)}\``;
}

function cntlmNote({ use, note }: (typeof cntlmOptions)[number]): string {
  if (use === "later") return `Refused until a later version brings it: ${note}.`;
  return use === "never" ? `Refused: ${note}.` : note;
}

const check = process.argv.includes("--check");
let stale = 0;
for (const name of existsSync("docs") ? readdirSync("docs") : []) {
  if (!name.endsWith(".md")) continue;
  const file = join("docs", name);
  const before = readFileSync(file, "utf8");
  const after = before.replaceAll(
    /(<!-- generated: ([a-z-]+) -->\n)[\s\S]*?(<!-- end -->)/g,
    (_, start: string, part: string, end: string) => {
      const make = parts[part];
      if (!make) throw new Error(`${file}: there is no generated part "${part}"`);
      return `${start}${make()}\n${end}`;
    },
  );
  if (after === before) continue;
  if (check) {
    console.error(`${file} is out of step with the code: run npm run docs`);
    stale++;
  } else writeFileSync(file, after);
}
process.exit(stale > 0 ? 1 : 0);
