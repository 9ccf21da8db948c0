import { resolve } from "node:path";
import type { CntlmLine } from "../../config/cntlm/grammar.ts";
import { cntlmKeywords } from "../../config/cntlm/options.ts";
import { UsageError } from "../../core/errors.ts";
import { Secret } from "../../core/secret.ts";
import { cntlmFlags } from "./flags.ts";
import { type GivenOption, getopt } from "./getopt.ts";

/** What a command line of cntlm asks for. */
export interface CommandLine {
  readonly task: "serve" | "hash" | "detect" | "help";
  /** Of -M. */
  readonly url: string;
  /** Of -c, absolute; `none` for /dev/null; undefined: the default one. */
  readonly file: string | "none" | undefined;
  /** What stands over the configuration, as lines of it. */
  readonly lines: readonly CntlmLine[];
  readonly password: Secret<string> | undefined;
  readonly askPassword: boolean;
  readonly foreground: boolean;
  readonly verbose: boolean;
  readonly runAs: string | undefined;
  /** Absolute. */
  readonly pidFile: string | undefined;
  /** Sentences. */
  readonly warnings: readonly string[];
}

/**
 * Reads cntlm's command line. Of options that count once the last one counts.
 * @throws UsageError
 */
export function readCommandLine(args: readonly string[]): CommandLine {
  const { options, rest } = getopt(args, takesValue);
  const last = (letter: string) => options.findLast((one) => one.letter === letter)?.value;
  const has = (letter: string) => options.some((one) => one.letter === letter);
  const password = last("p");
  return {
    task: has("h") ? "help" : has("H") ? "hash" : has("M") ? "detect" : "serve",
    url: last("M") ?? "",
    file: last("c") === "/dev/null" ? "none" : absolute(last("c")),
    lines: [...singleLines(options), ...listLines(options), ...parentLines(rest)],
    password: password ? new Secret(password) : undefined,
    askPassword: has("I"),
    foreground: has("f") || has("v"),
    verbose: has("v"),
    runAs: last("U"),
    pidFile: absolute(last("P")),
    warnings: [
      ...(password === undefined
        ? []
        : [
            "-p shows the password to every user of this host, in the process list, until the program has started. Put PassNTLMv2 into the file, or use -I.",
          ]),
      ...(has("T") ? ["-T is without effect: no trace is written. -v logs more to standard error."] : []),
    ],
  };
}

const takesValue = new Map(cntlmFlags.map((one) => [one.letter, one.takes !== undefined]));
const keywords = new Map(cntlmFlags.map((one) => [one.letter, one.keyword]));

/** -a -d -u -w and their like: the last one counts, and an empty one does not (the file's does then). */
function singleLines(options: readonly GivenOption[]): CntlmLine[] {
  const found = new Map<string, CntlmLine>();
  const set = (letter: string, keyword: string, value: string) => {
    if (value !== "") found.set(keyword, line(letter, keyword, value));
  };
  for (const { letter, value = "yes" } of options) {
    const keyword = keywords.get(letter);
    if (keyword === undefined || isList(keyword)) continue;
    if (letter !== "u") {
      set(letter, keyword, value);
      continue;
    }
    // Only here an `@` parts user and domain; in the file it belongs to the user.
    const at = value.indexOf("@");
    set("u", "Username", at < 0 ? value : value.slice(0, at));
    if (at >= 0) set("u", "Domain", value.slice(at + 1));
  }
  return [...found.values()];
}

function listLines(options: readonly GivenOption[]): CntlmLine[] {
  let gateway = false;
  return options.flatMap(({ letter, value = "" }) => {
    if (letter === "g") gateway = true;
    const keyword = keywords.get(letter);
    if (keyword === undefined || !isList(keyword)) return [];
    return [{ ...line(letter, keyword, value), ...(letter === "l" ? { gateway } : {}) }];
  });
}

/** `host:port`, or `host port` as two words. */
function parentLines(rest: readonly string[]): CntlmLine[] {
  const lines: CntlmLine[] = [];
  for (let at = 0; at < rest.length; at++) {
    const word = rest[at]!;
    if (word.startsWith("-"))
      throw new UsageError(`The option ${word.slice(0, 2)} stands after a parent proxy.`, {
        hint: "Options come first, as in: cntlm -l 3128 -u USER -d DOMAIN HOST:PORT",
      });
    const port = word.includes(":") ? undefined : rest[++at];
    lines.push({
      ...line("", "Proxy", port === undefined ? word : `${word}:${port}`),
      flag: "the command line",
    });
  }
  return lines;
}

function isList(keyword: string): boolean {
  const { use } = cntlmKeywords.get(keyword.toLowerCase())!;
  return use === "many" || use === "later";
}

function line(letter: string, keyword: string, value: string): CntlmLine {
  return { keyword, value, line: 0, column: 0, cut: false, flag: `-${letter}` };
}

function absolute(path: string | undefined): string | undefined {
  return path ? resolve(path) : undefined;
}
