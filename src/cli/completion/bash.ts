import type { CommandSpec } from "../command.ts";
import {
  type Completes,
  type Described,
  type DescribedOption,
  describe,
  programOptions,
} from "./described.ts";

/** The script for bash 3.2 and newer; it needs no package bash-completion. */
export function bashCompletion(commands: readonly CommandSpec[]): string {
  const all = describe(commands);
  return `# bash completion for sallyport
_sallyport() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command= index=0 word
  # bash takes "--option=value" for three words.
  if [[ $cur == = ]]; then cur=
  elif [[ $prev == = ]]; then prev=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [[ $word == -* ]] && continue
    if [[ -z $command ]]; then command=$word; else index=$((index + 1)); fi
  done
  COMPREPLY=()
  case $command in
    '') _sallyport_words '${words([...all.map((one) => one.name), "help", ...programOptions.flatMap(names)])}' ;;
    help) _sallyport_words '${words(all.map((one) => one.name))}' ;;
${all.map(commandCase).join("\n")}
  esac
}
_sallyport_words() {
  local word
  while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -W "$1" -- "$cur")
}
_sallyport_paths() {
  local path
  compopt -o filenames 2>/dev/null
  while IFS= read -r path; do COMPREPLY+=("$path"); done < <(compgen "$1" -- "$cur")
}
complete -F _sallyport sallyport
`;
}

function commandCase(command: Described): string {
  const withValue = command.options.filter((one) => one.value);
  const argument = command.arguments[0]?.completes ?? [];
  return [
    `    ${command.name})`,
    ...(withValue.length > 0
      ? ["      case $prev in", ...withValue.map((one) => `        ${valueCase(one)}`), "      esac"]
      : []),
    `      if [[ $cur == -* ]]; then _sallyport_words '${words(command.options.flatMap(names))}'`,
    ...(argument.length > 0 ? [`      elif [[ $index == 0 ]]; then ${complete(argument)}`] : []),
    "      fi ;;",
  ].join("\n");
}

/** The word after an option that takes a value; where it may be left out, a dash begins another option. */
function valueCase(option: DescribedOption): string {
  const action = option.completes.length > 0 ? complete(option.completes) : ":";
  return option.value?.optional
    ? `${names(option).join("|")}) [[ $cur == -* ]] || { ${action}; return; } ;;`
    : `${names(option).join("|")}) ${action}; return ;;`;
}

function complete(from: Completes): string {
  if (from === "files") return "_sallyport_paths -f";
  if (from === "folders") return "_sallyport_paths -d";
  return `_sallyport_words '${words(from)}'`;
}

function names({ short, long }: Pick<DescribedOption, "short" | "long">): string[] {
  return short ? [short, long] : [long];
}

function words(list: readonly string[]): string {
  return list.join(" ");
}
