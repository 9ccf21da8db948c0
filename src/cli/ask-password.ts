import type { ReadStream } from "node:tty";
import { UsageError } from "../core/errors.ts";
import { Secret } from "../core/secret.ts";

const longest = 64 * 1024;

/**
 * A password from a person, or from a program: on a terminal it is asked for on `prompt` and not shown,
 * otherwise it is the first line of `input`.
 * @throws UsageError when none is given, or it is broken off, longer than 64 KiB, or not UTF-8
 */
export async function askPassword(
  input: NodeJS.ReadStream,
  prompt: NodeJS.WritableStream,
): Promise<Secret<string>> {
  const password = await askForPassword(input, prompt);
  if (password !== undefined) return password;
  throw new UsageError("No password was given.", {
    hint: "Type it when asked, pipe it in as one line, or use --password-file FILE.",
  });
}

/**
 * As {@link askPassword}, for callers that have another source as well: undefined when nothing was given.
 * @throws UsageError when it is broken off, longer than 64 KiB, or not UTF-8
 */
export async function askForPassword(
  input: NodeJS.ReadStream,
  prompt: NodeJS.WritableStream,
): Promise<Secret<string> | undefined> {
  if (!input.isTTY) return decode(await firstLine(input));
  // Before the question: whoever answers at once must not see it either.
  input.setRawMode(true);
  try {
    prompt.write("Password: ");
    return decode(await typedLine(input));
  } finally {
    input.setRawMode(false);
    input.pause();
    prompt.write("\n");
  }
}

async function firstLine(input: NodeJS.ReadableStream): Promise<Uint8Array> {
  let text = Buffer.alloc(0);
  for await (const chunk of input) {
    text = Buffer.concat([text, chunk as Uint8Array]);
    const end = text.indexOf("\n");
    if (end >= 0) return withoutCarriageReturn(text.subarray(0, end));
    if (text.length > longest) throw new UsageError("The password on standard input is longer than 64 KiB.");
  }
  return withoutCarriageReturn(text);
}

function withoutCarriageReturn(line: Uint8Array): Uint8Array {
  return line.at(-1) === 0x0d ? line.subarray(0, -1) : line;
}

/** The keys that a terminal's own line editing knows, since raw mode has none. */
const key = {
  interrupt: 0x03,
  endOfInput: 0x04,
  backspace: 0x08,
  lineFeed: 0x0a,
  enter: 0x0d,
  eraseLine: 0x15,
  delete: 0x7f,
} as const;

async function typedLine(input: ReadStream): Promise<Uint8Array> {
  const typed: number[] = [];
  for await (const chunk of input as AsyncIterable<Uint8Array>) {
    for (const byte of chunk) {
      if (byte === key.enter || byte === key.lineFeed) return Uint8Array.from(typed);
      if (byte === key.interrupt || byte === key.endOfInput)
        throw new UsageError("No password was given: the question was broken off.");
      if (byte === key.eraseLine) typed.length = 0;
      else if (byte === key.backspace || byte === key.delete) eraseLetter(typed);
      else typed.push(byte);
      if (typed.length > longest) throw new UsageError("The password is longer than 64 KiB.");
    }
  }
  return Uint8Array.from(typed);
}

/** The last letter with all the bytes that UTF-8 has for it. */
function eraseLetter(typed: number[]): void {
  while (typed.length > 0 && (typed.pop()! & 0xc0) === 0x80);
}

function decode(line: Uint8Array): Secret<string> | undefined {
  if (line.length === 0) return undefined;
  try {
    return new Secret(new TextDecoder("utf-8", { fatal: true }).decode(line));
  } catch (cause) {
    throw new UsageError("The password is not UTF-8 text.", {
      cause,
      hint: "Use a UTF-8 terminal, or convert it: iconv -f LATIN1 -t UTF-8",
    });
  }
}
