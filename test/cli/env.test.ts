import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { Writable } from "node:stream";
import { test } from "node:test";
import { run } from "../../src/cli/env.ts";
import { ConfigError, UsageError } from "../../src/core/errors.ts";
import { write } from "../config/files.ts";

async function env(options: Record<string, unknown>, variables: Record<string, string> = {}) {
  const said = { out: "", err: "" };
  const sink = (name: "out" | "err") =>
    new Writable({
      write(chunk, _encoding, done) {
        said[name] += String(chunk);
        done();
      },
    });
  const code = await run({ arguments: [], options, out: sink("out"), err: sink("err"), env: variables });
  assert.equal(code, 0);
  return said;
}

test("env prints export lines, and warnings apart from them", async () => {
  const { out, err } = await env({ proxy: "172.17.0.1:3128", noProxy: "10.0.0.0/8" });
  assert.match(out, /^export http_proxy='http:\/\/172\.17\.0\.1:3128'\nexport HTTP_PROXY=/);
  assert.match(out, /^export NO_PROXY='localhost,.*,10\.0\.0\.0\/8'\n$/m);
  assert.match(err, /^sallyport: warning: "10\.0\.0\.0\/8" is not understood by wget, .*\.\n$/);
});

test("env takes the first listener with an address, and no_proxy, of sallyport.toml", async () => {
  const file = write(
    "listen.toml",
    '[proxy]\nlisten = ["unix:/run/x", "nowhere9:3128", "[::1]:3129", "127.0.0.1:3130"]\nno_proxy = ".corp.example"\n',
  );
  const { out } = await env(
    { config: file, json: true, noProxy: "more.example" },
    { http_proxy: "http://other:1" },
  );
  const values = JSON.parse(out) as Record<string, string>;
  assert.equal(values.https_proxy, "http://[::1]:3129");
  assert.match(values.no_proxy!, /,corp\.example,\.corp\.example,more\.example,\.more\.example$/);
});

test("a listener on all addresses is reached by loopback; cntlm's patterns become networks", async () => {
  const file = write(
    "cntlm.conf",
    "Listen 0.0.0.0:3128\nGateway yes\nProxy a:1\nNoProxy localhost, 127.0.0.*, 10.*\n",
  );
  const values = JSON.parse((await env({ config: file, json: true })).out) as Record<string, string>;
  assert.equal(values.http_proxy, "http://127.0.0.1:3128");
  assert.match(values.no_proxy!, /,127\.0\.0\.0\/24,10\.0\.0\.0\/8$/);
});

test("a file with a mistake, or without a listener that has an address, is an error", async () => {
  await assert.rejects(env({ config: write("wrong.toml", "[proxy]\nlisten = 1\n") }), /wrong\.toml:2:10/);
  await assert.rejects(env({ config: "/nonexistent/x.toml" }), /no such file/);
  await assert.rejects(
    env({ config: write("nowhere.toml", '[proxy]\nlisten = ["nowhere9:3128"]\n') }),
    (error: ConfigError) => /none of its listeners/.test(error.message) && /--proxy/.test(error.hint!),
  );
});

test("a password on the command line is bad usage, and is not repeated", async () => {
  await assert.rejects(env({ proxy: "http://u:hunter2@p:1" }), (error: Error) => {
    return error instanceof UsageError && !/hunter2/.test(error.message);
  });
});

const installed = existsSync("/etc/sallyport/sallyport.toml");

test("without a file the environment's proxy counts, for both schemes", { skip: installed }, async () => {
  const { out } = await env({ json: true }, { HTTPS_PROXY: "p:1", no_proxy: "corp.example" });
  const values = JSON.parse(out) as Record<string, string>;
  assert.deepEqual([values.http_proxy, values.HTTPS_PROXY], ["http://p:1", "http://p:1"]);
  assert.match(values.NO_PROXY!, /,corp\.example,\.corp\.example$/);
  await assert.rejects(env({}, {}), /There is no proxy to write/);
});

test("a password in the environment is printed only when it is asked for", { skip: installed }, async () => {
  const variables = { https_proxy: "http://u:hunter2@p:1" };
  await assert.rejects(env({}, variables), (error: Error) => {
    return error instanceof ConfigError && !/hunter2/.test(error.message);
  });
  assert.match((await env({ withPassword: true }, variables)).out, /hunter2/);
});

test("only one form is printed at a time", async () => {
  await assert.rejects(env({ proxy: "http://p:1", shell: true, json: true }), UsageError);
  assert.match((await env({ proxy: "http://p:1", gitlabCi: true })).out, /^default:\n/);
  assert.match((await env({ proxy: "http://p:1", systemd: true })).out, /^\[Service\]\n/);
});

test("--proxy and --no-proxy are two options, on the command line too", () => {
  const args = ["env", "--json", "--no-proxy", "corp.example", "--proxy", "http://p:1"];
  const { stdout } = spawnSync(process.execPath, ["--import", "tsx", "src/cli/main.ts", ...args], {
    encoding: "utf8",
  });
  const values = JSON.parse(stdout) as Record<string, string>;
  assert.equal(values.http_proxy, "http://p:1");
  assert.match(values.no_proxy!, /,corp\.example,\.corp\.example$/);
});
