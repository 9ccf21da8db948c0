import type { OptionSpec } from "./command.ts";

/** An option of the table, its flags taken apart. */
export interface OptionNames {
  /** With its dash. */
  readonly short: string | undefined;
  /** With its dashes. */
  readonly long: string;
  readonly value: { readonly name: string; readonly optional: boolean } | undefined;
}

/** Takes Commander's form apart: `-c, --config <file>`, `--json`, `--cntlm [version]`. */
export function optionNames({ flags }: Pick<OptionSpec, "flags">): OptionNames {
  const parts = /^(?:(-\w), )?(--[\w-]+)(?: (?:<([^>]+)>|\[([^\]]+)\]))?$/.exec(flags);
  if (!parts) throw new TypeError(`the flags of an option are not understood: ${flags}`);
  const [, short, long, required, optional] = parts;
  const name = required ?? optional;
  return { short, long: long!, value: name ? { name, optional: required === undefined } : undefined };
}
