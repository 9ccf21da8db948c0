import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { readSecretFile } from "../../src/config/secret-file.ts";
import { SecretFileError } from "../../src/core/errors.ts";

let folder = "";
before(() => {
  folder = mkdtempSync(join(tmpdir(), "secret-file-"));
});
after(() => rmSync(folder, { recursive: true }));

function file(content: string | Uint8Array, mode = 0o600): string {
  const path = join(folder, `f${Math.random()}`);
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

test("a secret file gives its text without one line end", () => {
  assert.equal(readSecretFile(file("s3cret\n")).reveal(), "s3cret");
  assert.equal(readSecretFile(file("s3cret\r\n")).reveal(), "s3cret");
  assert.equal(readSecretFile(file("s3cret")).reveal(), "s3cret");
  assert.equal(readSecretFile(file(" two \n", 0o400)).reveal(), " two ");
  assert.equal(readSecretFile(file("\ufeffPaßwört€😀\n")).reveal(), "Paßwört€😀");
});

test("a secret file with a second line is refused: one of the two is not meant", () => {
  for (const text of ["one\ntwo\n", "one\n\n", "one\r\ntwo"])
    assert.throws(
      () => readSecretFile(file(text)),
      (error) =>
        error instanceof SecretFileError &&
        /more than one line/.test(error.message) &&
        !/one\n/.test(error.message),
    );
});

for (const mode of [0o640, 0o604, 0o620, 0o602, 0o610, 0o644])
  test(`a secret file of mode ${mode.toString(8)} is refused with the chmod that mends it`, () => {
    const path = file("s3cret\n", mode);
    assert.throws(
      () => readSecretFile(path),
      (error) =>
        error instanceof SecretFileError &&
        error.message.includes(`0${mode.toString(8)}`) &&
        error.hint === `Run: chmod 600 ${path}` &&
        !`${error.message}${error.hint}`.includes("s3cret"),
    );
  });

test("a secret file that is missing, empty, too large, not text or not a file is refused with a sentence", () => {
  const pipe = join(folder, "pipe");
  execFileSync("mkfifo", ["-m", "600", pipe]);
  const cases: [string, RegExp][] = [
    [join(folder, "none"), /does not exist/],
    [file(""), /is empty/],
    [file("\n"), /is empty/],
    [file("x".repeat(65 * 1024)), /larger than 64 KiB/],
    [file(Buffer.from([0xe4, 0x0a])), /not UTF-8/],
    [folder, /not a regular file/],
    [pipe, /not a regular file/],
  ];
  for (const [path, message] of cases)
    assert.throws(
      () => readSecretFile(path),
      (error) => error instanceof SecretFileError && message.test(error.message) && error.hint !== undefined,
      String(message),
    );
});

test("a secret of exactly 64 KiB is read", () => {
  assert.equal(readSecretFile(file("x".repeat(64 * 1024))).reveal().length, 64 * 1024);
});
