/**
 * Measures Sallyport against its peers: `npm run bench -- [name ...] [--rounds N] [--quick] [--full] [--write-docs]`.
 * Without names all run. Results are kept in .cache/bench/; --write-docs puts the latest of each into
 * docs/performance.md. Ends with 1 when a target was missed, --quick excepted.
 */
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { paths, run } from "../test/lab/laboratory.ts";
import type { Benchmark, Stage } from "./harness/benchmark.ts";
import { describeMachine } from "./harness/machine.ts";
import { type Result, resultsFolder, show, writeDocs } from "./harness/report.ts";
import { median } from "./harness/statistics.ts";

const { values: options, positionals: names } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string" },
    quick: { type: "boolean", default: false },
    full: { type: "boolean", default: false },
    "write-docs": { type: "boolean", default: false },
  },
});
const folder = join(paths.root, "bench");
const known = readdirSync(folder)
  .filter((file) => file.endsWith(".ts") && file !== "run.ts")
  .map((file) => file.slice(0, -3));
const unknown = names.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`There is no benchmark ${unknown.join(", ")}. There are: ${known.join(", ")}.`);
  process.exit(2);
}

const benchmarks: Benchmark[] = [];
for (const name of names.length > 0 ? names : known)
  benchmarks.push(((await import(join(folder, `${name}.ts`))) as { benchmark: Benchmark }).benchmark);
if (benchmarks.some((one) => one.laboratory)) await bringUp();
mkdirSync(resultsFolder, { recursive: true });
let missed = 0;
for (const benchmark of benchmarks) {
  const result = await measure(benchmark);
  show(result);
  missed += result.verdicts.filter((one) => !one.met).length;
  // What was measured in a hurry is not kept for the documents.
  const file = `${benchmark.name}${options.quick ? ".quick" : ""}.json`;
  writeFileSync(join(resultsFolder, file), `${JSON.stringify(result, null, 2)}\n`);
}
if (options["write-docs"]) writeDocs(join(paths.root, "docs/performance.md"));
process.exitCode = missed > 0 && !options.quick ? 1 : 0;

async function measure(benchmark: Benchmark): Promise<Result> {
  const ends: (() => void | Promise<void>)[] = [];
  const stage: Stage = { quick: options.quick, full: options.full, after: (end) => ends.push(end) };
  const rounds = Number(options.rounds ?? (options.quick ? 1 : benchmark.rounds));
  const samples: Record<string, Record<string, number>[]> = {};
  const started = new Date();
  const load = loadavg()[0]!;
  try {
    const subjects = Object.entries(await benchmark.prepare(stage));
    for (let round = 0; round < rounds; round++) {
      // Another order every round: none always comes after the same neighbour.
      const turn = round % subjects.length;
      for (const [name, subject] of [...subjects.slice(turn), ...subjects.slice(0, turn)]) {
        process.stderr.write(`${benchmark.name}: round ${round + 1} of ${rounds}, ${name}\n`);
        samples[name] = [...(samples[name] ?? []), await subject(round)];
      }
    }
    const middle = (subject: string, metric: string) =>
      median((samples[subject] ?? []).flatMap((one) => (metric in one ? [one[metric]!] : [])));
    return {
      name: benchmark.name,
      title: benchmark.title,
      metrics: benchmark.metrics,
      when: started.toISOString(),
      seconds: Math.round((Date.now() - started.getTime()) / 1000),
      rounds,
      load,
      machine: await describeMachine(),
      subjects: subjects.map(([name]) => name),
      samples,
      verdicts: benchmark.verdicts(middle),
    };
  } finally {
    for (const end of ends.reverse()) await end();
  }
}

async function bringUp(): Promise<void> {
  const up = await run(join(paths.root, "lab/up.sh"), ["corp"], { timeout: 300_000 });
  if (up.code === 0) return;
  console.error(`The laboratory does not come up (lab/README.md):\n${up.stdout}${up.stderr}`);
  process.exit(1);
}
