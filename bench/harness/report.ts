import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { paths } from "../../test/lab/laboratory.ts";
import type { Metric, Verdict } from "./benchmark.ts";
import { median } from "./statistics.ts";

export interface Result {
  readonly name: string;
  readonly title: string;
  readonly metrics: Readonly<Record<string, Metric>>;
  readonly when: string;
  readonly seconds: number;
  readonly rounds: number;
  /** The load average of the minute before. */
  readonly load: number;
  readonly machine: Readonly<Record<string, string>>;
  readonly subjects: readonly string[];
  readonly samples: Readonly<Record<string, readonly Readonly<Record<string, number>>[]>>;
  readonly verdicts: readonly Verdict[];
}

/** Where results are kept, one file a benchmark. */
export const resultsFolder = join(paths.root, ".cache/bench");

/** Prints one result for a person. */
export function show(result: Result): void {
  console.log(`\n${result.title} (${result.rounds} rounds, ${result.seconds} s)\n`);
  console.log(aligned(detailRows(result)));
  for (const one of result.verdicts)
    console.log(
      `${one.met ? "reached" : "MISSED "}  ${one.what}: ${one.sallyport}, compared with ${one.peer}; to reach: ${one.target}`,
    );
}

/** Fills the measured part of the page with the latest full result of each benchmark. */
export function writeDocs(page: string): void {
  const results = existsSync(resultsFolder)
    ? readdirSync(resultsFolder)
        .filter((file) => file.endsWith(".json") && !file.endsWith(".quick.json"))
        .map((file) => JSON.parse(readFileSync(join(resultsFolder, file), "utf8")) as Result)
    : [];
  const part = [
    "| work | Sallyport | compared with | to reach | reached |",
    "|---|---|---|---|---|",
    ...results.flatMap(({ verdicts }) =>
      verdicts.map((one) => row([one.what, one.sallyport, one.peer, one.target, one.met ? "yes" : "**no**"])),
    ),
    "",
    "On what:",
    "",
    ...machineRows(results),
    ...results.flatMap((result) => [
      "",
      `### ${result.title}`,
      "",
      `\`npm run bench -- ${result.name} --rounds ${result.rounds}\`, ${result.when.slice(0, 10)}; load average before ${result.load.toFixed(1)}`,
      "",
      ...markdown(detailRows(result)),
    ]),
  ].join("\n");
  const before = readFileSync(page, "utf8");
  writeFileSync(
    page,
    before.replace(
      /(<!-- measured -->\n)[\s\S]*?(<!-- measured end -->)/,
      (_, start, end) => `${start}\n${part}\n\n${end}`,
    ),
  );
}

/** One row a subject: medians, with the least and the most behind them. */
function detailRows({ metrics, subjects, samples }: Result): string[][] {
  const used = Object.entries(metrics).filter(([key]) =>
    subjects.some((one) => samples[one]?.some((sample) => key in sample)),
  );
  const cell = (subject: string, key: string, digits: number) => {
    const values = (samples[subject] ?? []).flatMap((one) => (key in one ? [one[key]!] : []));
    if (values.length === 0) return "–";
    const text = median(values).toFixed(digits);
    const [least, most] = [Math.min(...values).toFixed(digits), Math.max(...values).toFixed(digits)];
    return least === most ? text : `${text} (${least}–${most})`;
  };
  return [
    ["", ...used.map(([, metric]) => metric.label)],
    ...subjects.map((one) => [one, ...used.map(([key, metric]) => cell(one, key, metric.digits))]),
  ];
}

function machineRows(results: readonly Result[]): string[] {
  const latest = results.toSorted((a, b) => a.when.localeCompare(b.when)).at(-1);
  return Object.entries(latest?.machine ?? {}).map(([what, value]) => `- ${what}: ${value}`);
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((cells) => cells[column]!.length)));
  const line = (cells: readonly string[]) =>
    cells.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!))).join("  ");
  return `${rows.map(line).join("\n")}\n`;
}

function markdown([head = [], ...rows]: readonly (readonly string[])[]): string[] {
  return [row(head), `|${head.map(() => "---|").join("")}`, ...rows.map(row)];
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}
