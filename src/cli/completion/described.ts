import type { CommandSpec } from "../command.ts";
import { type OptionNames, optionNames } from "../option-names.ts";

/** A command as the shells need it. */
export interface Described {
  readonly name: string;
  readonly summary: string;
  /** Its own and those of every command, in the order of the help. */
  readonly options: readonly DescribedOption[];
  readonly arguments: readonly DescribedArgument[];
}

export interface DescribedOption extends OptionNames {
  readonly description: string;
  readonly repeatable: boolean;
  readonly completes: Completes;
}

export interface DescribedArgument {
  readonly name: string;
  /** `[url...]`: any number. */
  readonly many: boolean;
  readonly completes: Completes;
}

/** What a value can be completed from: files, folders, these words, or nothing. */
export type Completes = "files" | "folders" | readonly string[];

export function describe(commands: readonly CommandSpec[]): Described[] {
  return commands.map((one) => ({
    name: one.name,
    summary: one.summary,
    options: [
      ...one.options.map((option) => {
        const names = optionNames(option);
        return {
          ...names,
          description: option.description,
          repeatable: option.repeatable === true,
          completes: completes(names.value?.name, option.choices),
        };
      }),
      ...everywhere,
    ],
    arguments: (one.arguments ?? []).map(({ name, choices }) => {
      const bare = name.replace(/^[<[]|[>\]]$/g, "");
      return {
        name: bare.replace("...", ""),
        many: bare.endsWith("..."),
        completes: completes(bare.replace("...", ""), choices),
      };
    }),
  }));
}

/** What Commander adds to every command, and to the program itself. */
const everywhere: readonly DescribedOption[] = [
  option("--debug", undefined, "show where an error came from"),
  option("--help", "-h", "display help"),
];

export const programOptions: readonly DescribedOption[] = [
  option("--version", "-V", "output the version number"),
  ...everywhere,
];

function option(long: string, short: string | undefined, description: string): DescribedOption {
  return { long, short, description, value: undefined, repeatable: false, completes: [] };
}

function completes(name: string | undefined, choices: readonly string[] | undefined): Completes {
  if (choices) return choices;
  if (name === "file") return "files";
  return name === "folder" || name === "dir" ? "folders" : [];
}
