import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Secret } from "../../src/core/secret.ts";
import { RefusalFile, type Refusals } from "../../src/parents/refusals.ts";
import { credential, temporaryFolder } from "./identity.ts";

const NAME = "CORP\\testuser";

function refusals(t: TestContext, folder = join(temporaryFolder(t), "state")) {
  const warnings: string[] = [];
  return { file: new RefusalFile(folder, (error) => warnings.push(error.message)), folder, warnings };
}

const refusedOnce = (before: Refusals): Refusals => ({ count: before.count + 1, at: 1000, pending: false });

test("a count is read back by another process's file, and an entry without refusals is taken out", async (t) => {
  const { file, folder } = refusals(t);
  const key = await file.keyOf(credential());
  assert.deepEqual(await file.read(key), { count: 0, at: 0, pending: false });
  await file.update(key, NAME, refusedOnce);
  const { file: other } = refusals(t, folder);
  assert.equal((await other.read(key)).count, 1);
  await other.update(key, NAME, () => ({ count: 0, at: 0, pending: false }));
  assert.deepEqual(JSON.parse(readFileSync(join(folder, "refused-logons.json"), "utf8")).entries, {});
});

test("the key is the same for the same credential, and another one for each that differs", async (t) => {
  const { file, folder } = refusals(t);
  const hash = (byte: number) => new Secret(new Uint8Array(16).fill(byte));
  const { password: _, ...bare } = credential();
  const keys = await Promise.all([
    file.keyOf(credential("one")),
    file.keyOf(credential("two")),
    file.keyOf(credential("one", { username: "other" })),
    file.keyOf({ ...bare, ntHash: hash(1) }),
    file.keyOf({ ...bare, ntlmv2Hash: hash(2) }),
  ]);
  assert.equal(new Set(keys).size, 5);
  assert.equal(await refusals(t, folder).file.keyOf(credential("one")), keys[0]);
  assert.equal(
    await file.keyOf(credential("one", { username: "TestUser" })),
    keys[0],
    "a domain does not know case",
  );
  const elsewhere = refusals(t).file;
  assert.notEqual(await elsewhere.keyOf(credential("one")), keys[0], "salted");
});

test("the file is 0600, its folder 0700, and neither holds a password, a hash or a digest without salt", async (t) => {
  const { file, folder } = refusals(t);
  const secret = "Canary-7f3a-pass";
  await file.update(await file.keyOf(credential(secret)), NAME, refusedOnce);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  assert.equal(statSync(join(folder, "refused-logons.json")).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(folder), ["refused-logons.json"]);
  const text = readFileSync(join(folder, "refused-logons.json"), "utf8");
  for (const form of ["utf8", "hex", "base64"] as const)
    assert.ok(!text.includes(Buffer.from(secret).toString(form)), form);
});

test("eight processes at once lose no refusal", async (t) => {
  const { file, folder } = refusals(t);
  const key = await file.keyOf(credential());
  const program = fileURLToPath(new URL("refuse-often.ts", import.meta.url));
  const children = Array.from({ length: 8 }, () =>
    spawn(process.execPath, ["--import", "tsx", program, folder, key, "5"], { stdio: "inherit" }),
  );
  const codes = await Promise.all(children.map(async (child) => (await once(child, "exit"))[0]));
  assert.deepEqual(codes, Array(8).fill(0));
  assert.equal((await file.read(key)).count, 40);
});

test("changes within a process are made in the order in which they were asked for", async (t) => {
  const { file } = refusals(t);
  const order: number[] = [];
  const step = (n: number) =>
    file.update("key", NAME, (before) => {
      order.push(n);
      return before;
    });
  await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map(step));
  assert.deepEqual(order, [0, 1, 2, 3, 4, 5, 6, 7]);
});

test("a folder that cannot be made: one warning with a mend, and the count is kept in memory", async (t) => {
  const parent = temporaryFolder(t);
  writeFileSync(join(parent, "file"), "");
  const { file, warnings } = refusals(t, join(parent, "file", "state"));
  const key = await file.keyOf(credential());
  await file.update(key, NAME, refusedOnce);
  await file.update(key, NAME, refusedOnce);
  assert.equal((await file.read(key)).count, 2);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!, /refused logons cannot be kept in .*state/);
});

test("a count that can be read and not written any more still counts", async (t) => {
  const first = refusals(t);
  const key = await first.file.keyOf(credential());
  await first.file.update(key, NAME, refusedOnce);
  // Nobody can take a folder over as a lock: root included.
  const lock = join(first.folder, "refused-logons.json.lock");
  mkdirSync(lock);
  utimesSync(lock, 1, 1);
  const second = refusals(t, first.folder);
  assert.equal(await second.file.keyOf(credential()), key);
  assert.equal((await second.file.update(key, NAME, refusedOnce)).count, 2);
  assert.equal(second.warnings.length, 1);
});

test("a lock that a crash left behind is taken over", async (t) => {
  const { file, folder, warnings } = refusals(t);
  mkdirSync(folder, { mode: 0o700 });
  const lock = join(folder, "refused-logons.json.lock");
  writeFileSync(lock, "");
  utimesSync(lock, 1, 1);
  assert.equal((await file.update("key", NAME, refusedOnce)).count, 1);
  assert.deepEqual(warnings, []);
  assert.deepEqual(readdirSync(folder), ["refused-logons.json"]);
});

test("a file that somebody spoilt is begun anew", async (t) => {
  for (const text of [
    "",
    "{",
    "[]",
    '{"salt":1}',
    '{"salt":"00"}',
    `{"salt":"${"0".repeat(32)}","entries":null}`,
    `{"salt":"${"0".repeat(32)}","entries":{"key":{"count":"1"}}}`,
    "null",
  ]) {
    const { file, folder, warnings } = refusals(t);
    mkdirSync(folder);
    writeFileSync(join(folder, "refused-logons.json"), text);
    assert.equal((await file.update("key", NAME, refusedOnce)).count, 1, text);
    assert.deepEqual(warnings, [], text);
  }
});

test("no link that was laid in the folder is written through", async (t) => {
  const { file, folder } = refusals(t);
  const victim = join(temporaryFolder(t), "victim");
  writeFileSync(victim, "untouched");
  chmodSync(victim, 0o644);
  mkdirSync(folder);
  symlinkSync(victim, join(folder, "refused-logons.json"));
  await file.update("key", NAME, refusedOnce);
  assert.equal(readFileSync(victim, "utf8"), "untouched");
  assert.equal(statSync(victim).mode & 0o777, 0o644);
});

test("64 credentials are remembered, the oldest are forgotten", async (t) => {
  const { file, folder } = refusals(t);
  for (let i = 1; i <= 70; i++)
    await file.update(`key ${i}`, NAME, () => ({ count: 1, at: i, pending: false }));
  const { entries } = JSON.parse(readFileSync(join(folder, "refused-logons.json"), "utf8"));
  assert.deepEqual(
    Object.keys(entries),
    Array.from({ length: 64 }, (_, i) => `key ${i + 7}`),
  );
});
