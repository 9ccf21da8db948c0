import { cntlmKeywords } from "./options.ts";

/**
 * The lines of a cntlm.conf as cntlm's own reader (config.c) splits them, with these safe differences: a last
 * line without a line end counts, lines and values have any length, `""` is empty, CRLF and a BOM do not matter.
 */
export interface CntlmLine {
  /** As written; cntlm compares without case. */
  readonly keyword: string;
  readonly value: string;
  readonly line: number;
  /** Of the keyword, from 1. */
  readonly column: number;
  /** True when a `#` right after a character ended the value: a password with one in it needs quotes. */
  readonly cut: boolean;
  /** The flag that said it (`-u`), when it comes from cntlm's command line and not from the file. */
  readonly flag?: string;
  /** Of a `-l`: whether a `-g` stood before it. */
  readonly gateway?: boolean;
}

export interface CntlmLines {
  /** In the order of the file. */
  readonly options: readonly CntlmLine[];
  /** Lines that cntlm passes over although they look as if they were meant. */
  readonly ignored: readonly { readonly line: number; readonly column: number; readonly why: string }[];
  /** The text of the comment lines, for settings that only Sallyport reads. */
  readonly comments: readonly { readonly text: string; readonly line: number }[];
}

/** Splits the text into options. Sections (`[name]`) have no effect, as in cntlm. */
export function readCntlmLines(text: string): CntlmLines {
  const options: CntlmLine[] = [];
  const ignored: { line: number; column: number; why: string }[] = [];
  const comments: { text: string; line: number }[] = [];
  for (const [index, raw] of text
    .replace(/^\uFEFF/, "")
    .split(/\r\n|\n|\r/)
    .entries()) {
    const content = raw.trimStart();
    const place = { line: index + 1, column: raw.length - content.length + 1 };
    if (/^[#;]/.test(content)) comments.push({ text: content.slice(1).trim(), line: place.line });
    else if (content !== "" && !/^\[[^\]]*\]/.test(content)) {
      const option = readOption(content);
      if ("why" in option) ignored.push({ ...place, why: option.why });
      else options.push({ ...place, ...option });
    }
  }
  return { options, ignored, comments };
}

function readOption(content: string): Pick<CntlmLine, "keyword" | "value" | "cut"> | { why: string } {
  // A keyword is the longest run of letters and digits; nothing needs to stand between it and the value.
  const parts = /^([A-Za-z0-9]+)\s*(.*)$/s.exec(content);
  if (!parts) return { why: "the line does not start with the name of an option" };
  const [, keyword = "", rest = ""] = parts;
  if (rest === "" || rest.startsWith("#") || rest.startsWith(";"))
    return { why: `${shown(keyword)} has no value` };
  if (rest.startsWith('"')) {
    const end = rest.indexOf('"', 1);
    if (end === -1) return { why: `the value of ${shown(keyword)} has no closing quote` };
    return { keyword, value: rest.slice(1, end), cut: false };
  }
  // Only `#` ends a value, anywhere in it; `;` does not, whatever the manual says.
  const hash = rest.indexOf("#");
  const value = (hash === -1 ? rest : rest.slice(0, hash)).trimEnd();
  return { keyword, value, cut: hash > 0 && /\S/.test(rest[hash - 1]!) };
}

/** A stray word may be the rest of a password: only the names of options are shown. */
function shown(keyword: string): string {
  return cntlmKeywords.get(keyword.toLowerCase())?.name ?? "the option";
}
