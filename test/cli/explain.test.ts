import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { test } from "node:test";
import { run } from "../../src/cli/explain.ts";
import { ConfigError, UsageError } from "../../src/core/errors.ts";
import { clients } from "../../src/routing/clients/clients.ts";
import { write } from "../config/files.ts";

interface Report {
  readonly url: string;
  readonly agree: boolean;
  readonly clients: { client: string; decision: string; proxy: string | null; rule: string }[];
  readonly wouldAgree?: Record<string, string>;
  readonly wouldDiffer?: string[];
}

async function explain(url: string, env: Record<string, string>, options: object = {}): Promise<string> {
  let text = "";
  const out = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  assert.equal(await run({ arguments: [url], options: { ...options }, out, err: out, env }), 0);
  return text;
}

async function report(url: string, env: Record<string, string>, options: object = {}): Promise<Report> {
  return JSON.parse(await explain(url, env, { ...options, json: true })) as Report;
}

test("explain --json has the url, every client of the contract in order, and whether they agree", async () => {
  const { url, agree, clients: decided } = await report("https://example.com/", { http_proxy: "http://p:1" });
  assert.equal(url, "https://example.com/");
  assert.equal(agree, false);
  assert.deepEqual(
    decided.map(({ client }) => client),
    [
      ...["curl", "git", "wget", "go", "docker-cli", "dockerd", "python-urllib", "python-requests", "pip"],
      ...["botocore", "node20-fetch", "node22-fetch", "node24-fetch", "node24-http", "undici", "npm", "ruby"],
      ...["java", "apt", "actions-runner", "actions-http-client", "sallyport"],
    ],
  );
  for (const one of decided) assert.deepEqual(Object.keys(one), ["client", "decision", "proxy", "rule"]);
});

test("explain prints a line a client, who differs, and the variables that would mend it", async () => {
  const env = { https_proxy: "http://p:1", http_proxy: "http://p:1", no_proxy: ".corp.example" };
  const text = await explain("https://corp.example/", env);
  assert.match(text, /^client +decision +proxy +rule$/m);
  assert.match(text, /^curl +direct +- +no_proxy entry \.corp\.example \(name\)$/m);
  assert.match(text, /^go +proxy +http:\/\/p:1 +https_proxy names the proxy$/m);
  assert.match(text, /^They disagree: most go direct, but not wget, go, docker-cli, dockerd, /m);
  assert.match(text, /^They would agree with:$/m);
  assert.match(text, /^ {2}no_proxy=.*,corp\.example,\.corp\.example$/m);
  assert.equal(
    text.split("\n").filter((line) => / (direct|proxy|error) /.test(line)).length >= clients.length,
    true,
  );
});

test("with the variables it advises all agree, and then it has no advice", async () => {
  const before = await report("https://corp.example/", { HTTPS_PROXY: "p:1", no_proxy: "*.corp.example" });
  assert.deepEqual(before.wouldDiffer, []);
  const after = await report("https://corp.example/", before.wouldAgree!);
  assert.equal(after.agree, true);
  assert.equal(after.wouldAgree, undefined);
  assert.match(
    await explain("https://corp.example/", before.wouldAgree!),
    /^All agree; node20-fetch and java read no/m,
  );
});

test("a host that only a network catches is advised by its address", async () => {
  const env = { https_proxy: "http://p:1", no_proxy: "10.0.0.0/8" };
  const { wouldAgree, wouldDiffer } = await report("https://10.1.2.3/", env);
  assert.match(wouldAgree!.no_proxy!, /,10\.0\.0\.0\/8,10\.1\.2\.3$/);
  assert.deepEqual(wouldDiffer, ["actions-runner", "sallyport"]);
});

test("--env-file stands in place of the environment, and --set on top of it", async () => {
  const file = write(
    "proxy.env",
    `# a comment\n\nexport https_proxy="http://file:1"\nHTTPS_PROXY='http://other:2'\n`,
  );
  const of = ({ clients: decided }: Report, name: string) =>
    decided.find(({ client }) => client === name)!.proxy;
  const filed = await report("https://example.com", { https_proxy: "http://env:9" }, { envFile: file });
  assert.deepEqual([of(filed, "curl"), of(filed, "go")], ["http://file:1", "http://other:2"]);
  const set = await report(
    "https://example.com",
    {},
    { envFile: file, set: ["HTTPS_PROXY=", "x_proxy=a=b"] },
  );
  assert.deepEqual([of(set, "curl"), of(set, "go")], ["http://file:1", "http://file:1"]);
});

test("npm takes the spelling that stands last, and --set puts a variable last", async () => {
  const env = { https_proxy: "http://a:1", HTTPS_PROXY: "http://b:2" };
  const npm = async (options: object) =>
    (await report("https://example.com", env, options)).clients.find(({ client }) => client === "npm")!.proxy;
  assert.equal(await npm({}), "http://b:2");
  assert.equal(await npm({ set: ["https_proxy=http://c:3"] }), "http://c:3");
});

test("a password in a variable is in nothing that explain prints", async () => {
  const env = { https_proxy: "http://user:hunter2secret@p:1", no_proxy: "corp.example" };
  const aside = { https_proxy: "http://user:hunter2%zz@p:1" };
  for (const one of [env, aside]) {
    const text =
      (await explain("https://x.test/", one)) + (await explain("https://x.test/", one, { json: true }));
    assert.doesNotMatch(text, /hunter2/);
  }
  assert.match(await explain("https://x.test/", env), /user:\*\*\*@p:1/);
});

test("what is no URL of a request is bad usage, and says what to write", async () => {
  for (const [url, hint] of [
    ["corp.example", "https://corp.example"],
    ["git@host:x", "https://example.com"],
    ["ftp://x/", "https://example.com"],
    ["", "https://example.com"],
  ] as const)
    await assert.rejects(
      explain(url, {}),
      (error: UsageError) => error instanceof UsageError && error.hint?.includes(hint) === true,
    );
  await assert.rejects(explain("https://x", {}, { set: ["nothing"] }), UsageError);
  const file = write("bad.env", "http_proxy=http://p:1\nwhat is this\n");
  await assert.rejects(
    explain("https://x", {}, { envFile: file }),
    /bad\.env:2: this line is not NAME=VALUE/,
  );
  await assert.rejects(explain("https://x", {}, { envFile: "/nonexistent" }), ConfigError);
});
