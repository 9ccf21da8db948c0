import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import type { ReadStream } from "node:tty";
import { askPassword } from "../../src/cli/ask-password.ts";
import { UsageError } from "../../src/core/errors.ts";

/** A terminal on which somebody types `keys` as soon as the question stands there, and what was seen of it. */
function terminal(keys: string) {
  const seen: string[] = [];
  const input = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode(on: boolean) {
      seen.push(on ? "hidden" : "shown");
    },
  });
  const prompt = new PassThrough();
  prompt.on("data", (text: Buffer) => {
    seen.push(text.toString());
    if (text.includes("Password")) input.write(keys);
  });
  return { seen, answer: askPassword(input as unknown as ReadStream, prompt) };
}

for (const [what, keys, password] of [
  ["as typed", "S3cret pass \r", "S3cret pass "],
  ["with letters outside of ASCII", "pä55wörd-ñ€😀\r", "pä55wörd-ñ€😀"],
  ["with letters taken back, whole ones", "paß😀\x7f\bss\n", "pass"],
  ["with nothing left to take back", "\x7f\x7fpass\r", "pass"],
  ["with the line taken back", "wrong\x15pass\r", "pass"],
] as const)
  test(`a password on a terminal is taken ${what}`, async () => {
    assert.equal((await terminal(keys).answer).reveal(), password);
  });

test("the terminal hides what is typed before it asks, and shows it again afterwards, even when broken off", async () => {
  const [good, broken] = [terminal("pass\r"), terminal("pa\x03")];
  await good.answer;
  await assert.rejects(broken.answer, UsageError);
  for (const { seen } of [good, broken]) {
    await new Promise(setImmediate);
    assert.deepEqual(seen, ["hidden", "Password: ", "shown", "\n"]);
  }
});

test("an empty answer and the end of input are no password", async () => {
  await assert.rejects(terminal("\r").answer, UsageError);
  await assert.rejects(terminal("\x04").answer, UsageError);
});
