import type { CommandSpec } from "./command.ts";
import { optionNames } from "./option-names.ts";

/** The man page in the language of man(7), from the table of commands. */
export function manPage(
  commands: readonly CommandSpec[],
  { version, date }: { readonly version: string; readonly date: string },
): string {
  return [
    `.TH SALLYPORT 1 "${date}" "Sallyport ${version}" "User Commands"`,
    ".SH NAME",
    "sallyport \\- gets a CI host out through a company's authenticating proxy",
    ".SH SYNOPSIS",
    ...commands.flatMap((one, index) => (index === 0 ? [synopsis(one)] : [".br", synopsis(one)])),
    ".SH DESCRIPTION",
    prose(
      "A local forward proxy that signs in to the company's proxy, so that no tool and no container needs the password; and the commands to set it up and to find out what is wrong. Started under the name cntlm it takes cntlm's own flags.",
    ),
    ".SH COMMANDS",
    ...commands.flatMap(command),
    ".SH OPTIONS OF EVERY COMMAND",
    ...item("\\fB\\-h\\fR, \\fB\\-\\-help\\fR", "Display help."),
    ...item("\\fB\\-\\-debug\\fR", "Show where an error came from."),
    ".SH EXIT STATUS",
    ...item("0", "It worked."),
    ...item("1", "It failed."),
    ...item("2", "It was called wrongly."),
    ".SH FILES",
    ...item(`\\fI${text("/etc/sallyport/sallyport.toml")}\\fR`, "The configuration that is read without -c."),
    ...item(`\\fI${text("/var/lib/sallyport")}\\fR`, "The count of refused sign-ins, when root runs it."),
    ".SH SEE ALSO",
    ".BR cntlm (1),",
    ".BR systemctl (1)",
    "",
  ].join("\n");
}

function synopsis(one: CommandSpec): string {
  const values = (one.arguments ?? []).map((argument) => ` \\fI${text(argument.name)}\\fR`).join("");
  return `\\fBsallyport ${text(one.name)}\\fR${one.options.length > 0 ? " [\\fIoption\\fR ...]" : ""}${values}`;
}

function command(one: CommandSpec): string[] {
  return [
    `.SS sallyport ${text(one.name)}`,
    prose(one.description ?? `${one.summary[0]!.toUpperCase()}${one.summary.slice(1)}.`),
    ...(one.arguments ?? []).flatMap((argument) =>
      item(`\\fI${text(argument.name)}\\fR`, list(argument.description, argument.choices)),
    ),
    ...one.options.flatMap((option) => {
      const { short, long, value } = optionNames(option);
      const names = [short, long].filter((name) => name !== undefined).map((name) => `\\fB${text(name)}\\fR`);
      const taken = value
        ? ` ${value.optional ? "[" : ""}\\fI${text(value.name)}\\fR${value.optional ? "]" : ""}`
        : "";
      return item(`${names.join(", ")}${taken}`, list(option.description, option.choices));
    }),
    ...one.examples.flatMap((example) => [
      ".PP",
      text(`${example.does[0]!.toUpperCase()}${example.does.slice(1)}:`),
      ".PP",
      ".RS 4",
      ".nf",
      text(example.command),
      ".fi",
      ".RE",
    ]),
  ];
}

function list(description: string, choices: readonly string[] | undefined): string {
  return choices ? `${description} (${choices.join(", ")})` : description;
}

function item(head: string, body: string): string[] {
  return [".TP", head, prose(body)];
}

/** Filled by roff; its lines are kept short for whoever reads the source. */
function prose(plain: string): string {
  const lines = [""];
  for (const word of plain.split(/\s+/)) {
    const before = lines.at(-1)!;
    if (before !== "" && before.length + word.length > 70) lines.push(word);
    else lines[lines.length - 1] = before === "" ? word : `${before} ${word}`;
  }
  return lines.map(text).join("\n");
}

/** Ordinary text for roff: dashes that can be copied, no line that is taken for a request, and ASCII only. */
function text(plain: string): string {
  return plain
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll("~", "\\(ti")
    .replaceAll("^", "\\(ha")
    .replaceAll("`", "\\(ga")
    .replaceAll("'", "\\(aq")
    .replace(
      /[^\x20-\x7e]/gu,
      (letter) => `\\[u${letter.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}]`,
    )
    .replace(/^[.]/, "\\&.");
}
