import type { CommandSpec } from "../command.ts";
import {
  type Completes,
  type Described,
  type DescribedArgument,
  type DescribedOption,
  describe,
  programOptions,
} from "./described.ts";

/** The script for zsh, as a function of its own or sourced. */
export function zshCompletion(commands: readonly CommandSpec[]): string {
  const all = describe(commands);
  return `#compdef sallyport
_sallyport() {
  local context state state_descr line
  typeset -A opt_args
  _arguments -C \\
${programOptions.map((one) => `    ${optionSpec(one)} \\`).join("\n")}
    '1: :->command' \\
    '*:: :->rest'
  case $state in
    command)
      local -a commands
      commands=(
${all.map((one) => `        ${quoted(`${one.name}:${one.summary}`)}`).join("\n")}
        'help:display help for a command'
      )
      _describe -t commands command commands ;;
    rest)
      case $words[1] in
${all.map(commandCase).join("\n")}
      esac ;;
  esac
}
if [ "$funcstack[1]" = _sallyport ]; then _sallyport "$@"; else compdef _sallyport sallyport; fi
`;
}

function commandCase(command: Described): string {
  const specs = [...command.options.map(optionSpec), ...command.arguments.map(argumentSpec)];
  return `        ${command.name})\n          _arguments -s ${specs.map((one) => `\\\n            ${one}`).join(" ")} ;;`;
}

/** `'(-c --config)'{-c,--config}'[text]:file:_files'` (zshcompsys, _arguments). */
function optionSpec(option: DescribedOption): string {
  const { short, long, value, repeatable } = option;
  // "=": the value is the next word, or behind an equals sign; "=-": only behind one.
  const equals = value === undefined ? "" : value.optional ? "=-" : "=";
  const end = quoted(
    `[${option.description.replace(/[[\]\\]/g, "\\$&")}]${value ? `${value.optional ? "::" : ":"}${value.name}:${action(option.completes)}` : ""}`,
  );
  const star = repeatable ? "'*'" : "";
  if (!short) return `${star}${long}${equals}${end}`;
  const both = `{${short}${value && !value.optional ? "+" : ""},${long}${equals}}`;
  return repeatable ? `${star}${both}${end}` : `'(${short} ${long})'${both}${end}`;
}

function argumentSpec({ name, many, completes }: DescribedArgument): string {
  return quoted(`${many ? "*" : ""}:${name}:${action(completes)}`);
}

function action(from: Completes): string {
  if (from === "files") return "_files";
  if (from === "folders") return "_files -/";
  // A single blank: only the name of the value is shown.
  return from.length > 0 ? `(${from.join(" ")})` : " ";
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
