import assert from "node:assert/strict";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type DemoNetwork, startDemoNetwork } from "../../src/demo/network.ts";
import { runSteps, type StepReport } from "../../src/demo/run-steps.ts";

async function network(t: TestContext): Promise<DemoNetwork> {
  const started = await startDemoNetwork(0);
  t.after(() => started.stop());
  return started;
}

const clients = [
  { name: "curl", version: undefined },
  { name: "git", version: undefined },
  { name: "Node", version: "1.2.3" },
];

async function allSteps(corp: DemoNetwork): Promise<StepReport[]> {
  const reports: StepReport[] = [];
  for await (const report of runSteps(corp, clients, {}, new AbortController().signal)) reports.push(report);
  return reports;
}

test("each step of a client that is here succeeds, and one that is not is listed", async (t) => {
  const corp = await network(t);
  const reports = await allSteps(corp);
  for (const report of reports)
    assert.equal(report.status, report.client === "Node" ? "ok" : "not installed", report.result);
  const ran = reports.filter((one) => one.client === "Node");
  const [first, last] = [ran[0]!, ran.at(-1)!];
  assert.deepEqual(first.via, [corp.parent.address]);
  // The dead parent and the one that is well; a bare request, and the two messages of the logon.
  assert.deepEqual([first.connections, first.roundTrips], [2, 3]);
  // A connection that was signed in ahead of need.
  assert.deepEqual([last.connections, last.roundTrips], [0, 1]);
  assert.equal(corp.parent.counters.logonsRefused, 0);
});

test("a step fails, and says why, when the parents do not answer", async (t) => {
  const corp = await network(t);
  await corp.parent.behave("refuse");
  const steps = runSteps(corp, clients, {}, new AbortController().signal);
  for await (const report of steps) {
    if (report.client !== "Node") continue;
    assert.equal(report.status, "failed");
    assert.match(report.result, /refused with status 50[24]/);
    break;
  }
});

test("the password's file is for its owner only, and nothing is left behind", async () => {
  const corp = await startDemoNetwork(0);
  assert.equal(statSync(join(corp.folder, "password")).mode & 0o777, 0o600);
  await corp.stop();
  assert.equal(existsSync(corp.folder), false);
});
