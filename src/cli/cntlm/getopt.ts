import { UsageError } from "../../core/errors.ts";

/** One option as it was given; `value` is undefined for those that take none. */
export interface GivenOption {
  readonly letter: string;
  readonly value: string | undefined;
}

/**
 * Splits a command line as POSIX getopt(3) does, which is what cntlm calls (IEEE 1003.1, Utility Syntax Guidelines 3
 * to 10): letters may be joined (`-fv`), a value may be attached (`-l3128`) or follow, `--` ends the options, and so
 * does the first argument that is none. What follows is `rest`.
 * @param takesValue for each letter that is known
 * @throws UsageError for a letter that is unknown or lacks its value
 */
export function getopt(
  args: readonly string[],
  takesValue: ReadonlyMap<string, boolean>,
): { readonly options: readonly GivenOption[]; readonly rest: readonly string[] } {
  const options: GivenOption[] = [];
  let next = 0;
  for (; next < args.length; next++) {
    const word = args[next]!;
    if (word === "--") return { options, rest: args.slice(next + 1) };
    if (!word.startsWith("-") || word === "-") break;
    for (let at = 1; at < word.length; at++) {
      const letter = word[at]!;
      const takes = takesValue.get(letter);
      if (takes === undefined)
        throw new UsageError(
          `There is no option ${word.startsWith("--") ? word.split("=")[0] : `-${letter}`}.`,
        );
      if (!takes) {
        options.push({ letter, value: undefined });
        continue;
      }
      const attached = word.slice(at + 1);
      const value = attached === "" ? args[++next] : attached;
      if (value === undefined) throw new UsageError(`The option -${letter} needs a value.`);
      options.push({ letter, value });
      break;
    }
  }
  return { options, rest: args.slice(next) };
}
