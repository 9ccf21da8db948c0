import type { CommandSpec } from "../command.ts";
import {
  type Completes,
  type Described,
  type DescribedOption,
  describe,
  programOptions,
} from "./described.ts";

/** The script for fish. */
export function fishCompletion(commands: readonly CommandSpec[]): string {
  const all = describe(commands);
  return `# fish completion for sallyport
complete -c sallyport -f
${programOptions.map((one) => `complete -c sallyport -n __fish_use_subcommand${option(one)}`).join("\n")}
${all.map(commandLines).join("\n")}
complete -c sallyport -n __fish_use_subcommand -a help -d 'display help for a command'
complete -c sallyport -n '__fish_seen_subcommand_from help' -a '${all.map((one) => one.name).join(" ")}'
`;
}

function commandLines(command: Described): string {
  const here = `complete -c sallyport -n '__fish_seen_subcommand_from ${command.name}'`;
  const argument = command.arguments[0]?.completes ?? [];
  return [
    `complete -c sallyport -n __fish_use_subcommand -a ${command.name} -d ${quoted(command.summary)}`,
    ...(argument.length > 0 ? [`${here}${values(argument)}`] : []),
    ...command.options.map((one) => `${here}${option(one)}`),
  ].join("\n");
}

function option({ short, long, value, description, completes }: DescribedOption): string {
  // -x: a value must follow, and file names are not offered for it.
  const required = value && !value.optional ? (completes === "files" ? " -r" : " -x") : "";
  return `${short ? ` -s ${short.slice(1)}` : ""} -l ${long.slice(2)}${required}${values(completes)} -d ${quoted(description)}`;
}

function values(from: Completes): string {
  if (from === "files") return " -F";
  if (from === "folders") return " -a '(__fish_complete_directories)'";
  return from.length > 0 ? ` -a ${quoted(from.join(" "))}` : "";
}

function quoted(text: string): string {
  return `'${text.replace(/['\\]/g, "\\$&")}'`;
}
