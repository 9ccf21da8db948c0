/**
 * Runs the tests that need the laboratory's real components. Arguments: names of test files, else all of
 * test/lab. What fails is run a second time, because a dozen daemons are not always in time. A test that
 * passes only then is called flaky, by name; a test that fails twice fails the run.
 *
 * The laboratory stays up for the next run; with CI set it is taken down.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";

const parts = ["corp", "docker:busybox,debian"];
/** For one test, and in Node.js 20 for one file. */
const limit = 10 * 60_000;

if (process.getuid?.() !== 0 || !existsSync("/etc/debian_version")) {
  console.error(
    "The laboratory's tests need Debian and root, because they install and start Samba, Squid and Docker. " +
      "`npm test` runs the tests that need nothing.",
  );
  process.exit(1);
}
const folder = mkdtempSync(join(tmpdir(), "test-lab-"));
let passed = false;
try {
  passed = bringUp() && runTests();
} finally {
  rmSync(folder, { recursive: true, force: true });
  if (process.env.CI) laboratory("down.sh");
}
process.exit(passed ? 0 : 1);

function bringUp() {
  if (laboratory("up.sh", ...parts)) return true;
  console.error("The laboratory did not come up. Everything down, and once more.");
  laboratory("down.sh");
  if (laboratory("up.sh", ...parts)) return true;
  console.error("The laboratory did not come up at its second try either: no test was run.");
  return false;
}

// Its words go to standard error: standard output ends with the results.
function laboratory(script, ...args) {
  return spawnSync(`lab/${script}`, args, { stdio: ["ignore", 2, 2] }).status === 0;
}

function runTests() {
  const named = process.argv.slice(2);
  const files = named.length > 0 ? named : labTests();
  const first = runFiles(files.map((file) => resolve(file)));
  // What failed in itself; what holds it follows it.
  const failures = first.outcomes.filter((one) => !one.passed && !one.skipped && !one.byChild);
  const flaky = failures.length > 0 ? passedAtSecondTry(first.outcomes, failures) : [];
  const failed = failures.filter((one) => !flaky.includes(one));
  report(first.outcomes, failures, failed, flaky);
  const ended = first.status === 0 || failures.length > 0;
  return ended && first.outcomes.length > 0 && failed.length === 0;
}

function labTests() {
  return readdirSync("test/lab", { recursive: true })
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => join("test/lab", name))
    .sort();
}

/** One process, one file after the other: they share the laboratory. */
function runFiles(files, patterns = []) {
  const events = join(folder, "events");
  rmSync(events, { force: true });
  const options = [
    ...["--import", "tsx", "--test", "--test-concurrency=1", `--test-timeout=${limit}`],
    ...["--test-reporter=spec", "--test-reporter-destination=stdout"],
    ...["--test-reporter=./scripts/test-events.mjs", `--test-reporter-destination=${events}`],
    ...patterns.map((pattern) => `--test-name-pattern=${pattern}`),
  ];
  const { status } = spawnSync(process.execPath, [...options, ...files], {
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, NODE_ENV: "test" },
  });
  const lines = existsSync(events) ? readFileSync(events, "utf8").split("\n").filter(Boolean) : [];
  return { status, outcomes: lines.map((line) => JSON.parse(line)) };
}

function passedAtSecondTry(outcomes, failures) {
  return [...new Set(failures.map((one) => one.file))].flatMap((file) => {
    const here = failures.filter((one) => one.file === file);
    // A file that failed as a whole (it did not load, or ran out of time) has its own path as a name.
    const whole = here.some((one) => one.name === file);
    // An inner test runs only when the outer one is named too.
    const outer = outcomes.filter((one) => one.file === file && one.top && !one.passed);
    const names = new Set([...here, ...outer].map((one) => one.name));
    console.log(`\nSecond try of ${here.length} in ${relative(".", file)}`);
    const second = runFiles([file], whole ? [] : [...names].map(exactly));
    // A file that failed as a whole has no line when it passes: it counts when all went well.
    return here.filter((one) =>
      one.name === file ? second.status === 0 && second.outcomes.length > 0 : passedIn(second.outcomes, one),
    );
  });
}

/** As a pattern of --test-name-pattern. */
function exactly(name) {
  return `/^${name.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&")}$/`;
}

// Every one of that name: a name that is used twice must pass twice. What a pattern leaves out is skipped.
function passedIn(outcomes, failure) {
  const ran = outcomes.filter((one) => one.name === failure.name && !one.skipped);
  return ran.length > 0 && ran.every((one) => one.passed);
}

function report(outcomes, failures, failed, flaky) {
  const tests = outcomes.filter((one) => !one.suite && !one.byChild);
  const skipped = tests.filter((one) => one.skipped).length;
  const good = tests.length - skipped - failed.length;
  // The lines that the runner closes with, for both tries together.
  if (failures.length > 0) {
    console.log(`\nℹ tests ${tests.length}\nℹ pass ${good}\nℹ fail ${failed.length}\nℹ skipped ${skipped}`);
  }
  for (const one of failed) console.log(`failed twice: ${one.name} (${relative(".", one.file)})`);
  for (const one of flaky) console.log(`flaky: ${one.name} (${relative(".", one.file)})`);
  const rest = skipped > 0 ? `, ${skipped} skipped` : "";
  console.log(`lab: ${good} passed, ${failed.length} failed, ${flaky.length} flaky${rest}`);
}
