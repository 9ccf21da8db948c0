import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { test } from "node:test";
import { run } from "../../src/cli/check.ts";
import { write } from "../config/files.ts";

async function check(file: string, json = false): Promise<{ code: number; text: string }> {
  let text = "";
  const out = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  const code = await run({ arguments: [], options: { config: file, json }, out, err: out, env: {} });
  return { code, text };
}

test("check tells in one line what a right file sets up, without its secrets", async () => {
  write("password", "S3cret\n");
  const file = write(
    "good.toml",
    '[[proxy.parent]]\nurl = "http://10.0.0.41:8080"\n[identity]\nusername = "testuser"\ndomain = "CORP"\npassword_file = "password"\n',
  );
  const { code, text } = await check(file);
  assert.equal(code, 0);
  assert.equal(
    text,
    `${file}: listens on 127.0.0.1:3128; goes out by 10.0.0.41:8080; signs in as CORP\\testuser (auto)\n`,
  );
});

test("check prints every mistake and warning with its line, and ends with 1", async () => {
  const file = write("bad.toml", '[proxy]\nlisten = "eth0:1"\ngatway = true\nprobe = 1\n');
  const { code, text } = await check(file);
  assert.equal(code, 1);
  const lines = text.trimEnd().split("\n");
  assert.equal(lines.length, 4);
  assert.match(lines[0]!, /^warning: .*bad\.toml:2:1: other hosts/);
  assert.match(lines[1]!, /bad\.toml:3:1: there is no key proxy\.gatway; did you mean gateway\?$/);
  assert.match(lines[2]!, /bad\.toml:4:9: proxy\.probe: this is a number; write a text/);
  assert.match(lines[3]!, /bad\.toml: 2 mistakes$/);
});

test("check --json gives the same to scripts", async () => {
  const bad = JSON.parse((await check(write("bad2.toml", "[proxy]\ngatway = true\n"), true)).text) as Record<
    string,
    unknown
  >;
  assert.equal(bad.ok, false);
  assert.deepEqual(
    (bad.problems as { line: number; severity: string }[]).map((one) => [one.line, one.severity]),
    [[2, "error"]],
  );
  const good = JSON.parse(
    (await check(write("cntlm.conf", "Listen 127.0.0.1:3128\nProxy a:1\n"), true)).text,
  ) as Record<string, unknown>;
  assert.deepEqual(
    [good.ok, good.listen, good.parents, good.identity],
    [true, ["127.0.0.1:3128"], ["a:1"], []],
  );
});

test("check of a file that is not there says so and ends with 1", async () => {
  const { code, text } = await check("/nonexistent/sallyport.toml");
  assert.equal(code, 1);
  assert.match(text, /there is no such file; correct the path/);
});
