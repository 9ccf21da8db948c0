/** The rules of src/routing/clients against the clients themselves, on variables drawn at random. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import type { ClientName } from "../../src/routing/clients/clients.ts";
import { decideFor } from "../../src/routing/clients/decide.ts";
import type { Outcome } from "./client-worker.ts";

/** How clients say that they tried to reach the server themselves, in a network where nothing is. */
const triedDirectly =
  /resol|Name or service|ENOTFOUND|EAI_AGAIN|nreachable|ENETUNREACH|refused|ECONNREFUSED|onnect|no such host|lookup /i;

test("each client that is installed does what its rules say, whatever the variables", async (t) => {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
  const outcomes = await runClients(seed);
  const clients = [...new Set(outcomes.map((one) => `${one.client} ${one.version}`))];
  t.diagnostic(`seed ${seed}; ${outcomes.length} requests by ${clients.join(", ")}`);
  for (const client of ["curl", "git", "wget", "python-urllib", "docker-cli", "npm", "apt"])
    assert.ok(
      outcomes.some((one) => one.client === client),
      `${client} is missing`,
    );
  const wrong = outcomes.flatMap((outcome) => {
    const problem = compare(outcome);
    return problem ? [problem] : [];
  });
  const differ = `${wrong.length} of ${outcomes.length} differ; run it again with SEED=${seed}`;
  assert.equal(wrong.length, 0, `${differ}\n${wrong.slice(0, 20).join("\n")}`);
});

async function runClients(seed: number): Promise<Outcome[]> {
  const home = mkdtempSync(join(tmpdir(), "clients-"));
  try {
    const worker = ["--import", "tsx", "test/lab/client-worker.ts", home, String(seed)];
    const inside = 'ip link set lo up && exec "$0" "$@"';
    const child = spawn("unshare", ["--net", "sh", "-c", inside, process.execPath, ...worker], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const outcomes: Outcome[] = [];
    for await (const line of createInterface(child.stdout)) outcomes.push(JSON.parse(line) as Outcome);
    return outcomes;
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** A difference on one line. */
function compare({ client, version, one, proxy, said }: Outcome): string | undefined {
  const variables = client.startsWith("node")
    ? [["NODE_USE_ENV_PROXY", "1"] as const, ...one.variables]
    : one.variables;
  const decided = decideFor(client as ClientName, variables, one.url, version);
  const expected =
    decided.proxy?.replace(/^[a-z]+:\/\/(?:localhost|127\.0\.0\.1)/, "http://127.0.0.1") ?? null;
  const asSaid =
    decided.decision !== "direct" || /REQUEST_METHOD/.test(decided.rule) || triedDirectly.test(said);
  if (expected === proxy && asSaid) return undefined;
  const set = one.variables.map(([name, value]) => `${name}='${value}'`).join(" ");
  const words = said.replaceAll(/\s+/g, " ").slice(-300);
  return `${client} ${version}: ${set} ${one.url} went to ${proxy ?? "no proxy"}, decided: ${JSON.stringify(decided)}; it said: ${words}`;
}
