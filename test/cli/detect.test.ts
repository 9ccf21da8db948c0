import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { type TestContext, test } from "node:test";
import { run } from "../../src/cli/detect.ts";
import { UsageError } from "../../src/core/errors.ts";
import { startDemoOrigin } from "../../src/demo/origin.ts";
import { startDemoParent } from "../../src/demo/parent.ts";

async function detect(
  t: TestContext,
  options: Record<string, unknown>,
  url: string,
  env: NodeJS.ProcessEnv = {},
): Promise<{ code: number; text: string }> {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-detect-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const passwordFile = join(folder, "password");
  writeFileSync(passwordFile, "S3cret-pass\n", { mode: 0o600 });
  let text = "";
  const out = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  const code = await run({
    arguments: [url],
    options: {
      username: "testuser",
      domain: "CORP",
      passwordFile,
      stateDirectory: join(folder, "state"),
      ...options,
    },
    out,
    err: out,
    env,
  });
  return { code, text };
}

test("detect tells what a parent offers and accepts, and prints the configuration", async (t) => {
  const origin = await startDemoOrigin();
  t.after(() => origin.stop());
  const parent = await startDemoParent();
  t.after(() => parent.stop());
  const { code, text } = await detect(t, { parent: [parent.url] }, `${origin.http.url}/small`);
  assert.equal(code, 0, text);
  assert.match(text, /offers +NTLM/);
  assert.match(text, /NTLM as CORP\\testuser: accepted \(200\)/);
  assert.match(text, /username = "testuser"/);
  assert.deepEqual([parent.counters.logonsAccepted, parent.counters.logonsRefused], [1, 0]);
});

test("detect does not call a parent open that refuses the address before it asks for a logon", async (t) => {
  const parent = await startDemoParent({ auth: "none" });
  t.after(() => parent.stop());
  const { code, text } = await detect(t, { parent: [parent.url] }, "http://nowhere.invalid/");
  assert.equal(code, 1);
  assert.match(text, /not known: it answered 503 before it asked/);
});

test("detect asks the parent that the environment names when none is configured", async (t) => {
  const origin = await startDemoOrigin();
  t.after(() => origin.stop());
  const parent = await startDemoParent();
  t.after(() => parent.stop());
  const { code, text } = await detect(t, {}, `${origin.http.url}/small`, { http_proxy: parent.url });
  assert.equal(code, 0, text);
  assert.match(text, /accepted \(200\)/);
});

test("detect takes a bare host for a URL, and says what is right where it is none", async (t) => {
  await assert.rejects(
    detect(t, { parent: ["http://127.0.0.1:9"] }, "foo bar"),
    (error) => error instanceof UsageError && /begins with http:\/\//.test(error.hint ?? ""),
  );
  const { text } = await detect(t, { parent: ["http://127.0.0.1:9"] }, "intranet.corp.example");
  assert.match(text, /Connecting to the parent 127\.0\.0\.1:9 failed/);
});

test("a refused logon is spent once, over several parents", async (t) => {
  const first = await startDemoParent();
  t.after(() => first.stop());
  const second = await startDemoParent();
  t.after(() => second.stop());
  const { code, text } = await detect(
    t,
    { parent: [first.url, second.url], domain: "OTHER" },
    "http://nowhere.invalid/",
  );
  assert.equal(code, 1, text);
  assert.equal(first.counters.logonsRefused + second.counters.logonsRefused, 1);
});
