import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { run } from "../../src/cli/demo.ts";
import { UsageError } from "../../src/core/errors.ts";
import { getThroughTunnel } from "../../src/demo/node-client.ts";

function start(...args: string[]): ChildProcess {
  return spawn(process.execPath, ["--import", "tsx", "src/cli/main.ts", "demo", ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}

test("without a terminal it shows the hops and the table, without colour, and ends with 0", async () => {
  const child = start();
  const [output, [code]] = await Promise.all([text(child.stdout!), once(child, "exit")]);
  assert.equal(code, 0, output);
  assert.match(output, /Sallyport -+\+--x 1 {2}127\.0\.0\.1:\d+ +dead/);
  assert.match(output, /Node +GET https:\/\/origin\.demo\.test\/echo +nothing leaked +parent 2 +1 /);
  assert.match(output, /Node +20 tunnels at once +20 of 20 answered/);
  assert.match(output, /parent 1 .*passed over/);
  assert.match(output, /parent 2 .*\d+ logons accepted, 0 refused/);
  assert.match(output, /It all worked\.\n$/);
  assert.ok(!output.includes("\x1b"));
  assert.ok(!output.includes("S3cret-pass"), "only where the reader is to use it");
  assert.ok(output.split("\n").every((line) => line.length <= 120));
});

test("--stay shows how to use it, tells of each request, and SIGINT ends it with 0 and an empty folder", async () => {
  const child = start("--stay");
  let output = "";
  child.stdout!.setEncoding("utf8").on("data", (chunk) => {
    output += chunk;
  });
  const until = (wanted: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const look = () => {
        const found = wanted.exec(output);
        if (found) resolve(found);
      };
      child.stdout!.on("data", look);
      look();
      child.once("exit", () => reject(new Error(`it ended:\n${output}`)));
    });
  const [, proxy = "", certificate = ""] = await until(/-x http:\/\/(\S+) --cacert (\S+)/);
  assert.ok(existsSync(certificate));
  await until(/Each request, when it has ended:/);
  const options = { ca: readFileSync(certificate, "utf8"), signal: AbortSignal.timeout(5000) };
  const answer = await getThroughTunnel(proxy, "https://origin.demo.test/small", options);
  assert.equal(answer.status, 200);
  await until(/CONNECT origin\.demo\.test:443 200, via 127\.0\.0\.1:\d+, 1 round trip, 0 new TCP/);
  child.kill("SIGINT");
  const [code] = await once(child, "exit");
  assert.equal(code, 0);
  assert.ok(!existsSync(certificate));
});

test("--json is one object, and clients that are not installed are in it", async () => {
  const out = new PassThrough();
  const call = { arguments: [], options: { json: true }, out, err: out, env: { PATH: "/nowhere" } };
  const code = await run(call);
  out.end();
  const told = JSON.parse(await text(out));
  assert.equal(code, 0);
  assert.equal(told.ok, true);
  assert.equal(told.parents[1].logonsRefused, 0);
  const git = told.steps.find((one: { client: string }) => one.client === "git");
  assert.deepEqual([git.status, git.version, git.ms], ["not installed", null, null]);
});

test("--port that is no port is a wrong use", async () => {
  const out = new PassThrough();
  for (const port of ["http", "70000", "-1"]) {
    const call = { arguments: [], options: { port }, out, err: out, env: {} };
    await assert.rejects(run(call), UsageError);
  }
});
