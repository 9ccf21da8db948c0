import { suggest } from "../../core/suggest.ts";
import type { Place, Problems } from "../problem.ts";
import { type CntlmLine, type CntlmLines, readCntlmLines } from "./grammar.ts";
import { cntlmKeywords, cntlmOptions } from "./options.ts";

/**
 * A cntlm.conf, asked option by option. What is refused or odd about its lines is noted when it is made.
 * What the command line says comes first: it beats the file's single options, goes ahead of its lists, and takes
 * the place of all its Allow and Deny.
 */
export class CntlmFile {
  readonly comments: CntlmLines["comments"];
  readonly problems: Problems;
  readonly #file: string | undefined;
  readonly #lines: readonly CntlmLine[];

  constructor(
    text: string,
    file: string | undefined,
    problems: Problems,
    commandLine: readonly CntlmLine[] = [],
  ) {
    const { options, ignored, comments } = readCntlmLines(text);
    this.problems = problems;
    this.comments = comments;
    this.#file = file;
    const ruled = commandLine.some(isAccessRule);
    this.#lines = [...commandLine, ...options.filter((line) => !ruled || !isAccessRule(line))];
    for (const one of ignored)
      problems.warning(
        this.place(one),
        `${one.why}, and the line is ignored as cntlm ignores it`,
        "mend it or take it out",
      );
    const once = new Map<string, CntlmLine>();
    for (const line of this.#lines) this.#judge(line, once);
  }

  /** The value of an option that counts once: its first. */
  once(name: string): CntlmLine | undefined {
    return this.all(name)[0];
  }

  /** The lines of these options together, in the order of the file. */
  all(...names: string[]): CntlmLine[] {
    const wanted = new Set(names.map((name) => name.toLowerCase()));
    return this.#lines.filter((line) => wanted.has(line.keyword.toLowerCase()));
  }

  /** Only `yes` in any case is yes. */
  isYes(name: string): boolean {
    return this.once(name)?.value.toLowerCase() === "yes";
  }

  place({ line, column, flag }: Pick<Place, "line" | "column"> & { readonly flag?: string }): Place {
    return flag === undefined ? { file: this.#file, line, column } : { file: flag };
  }

  #judge(line: CntlmLine, once: Map<string, CntlmLine>): void {
    const { keyword } = line;
    const option = cntlmKeywords.get(keyword.toLowerCase());
    if (option === undefined) {
      this.#noteUnknown(line);
      return;
    }
    if (line.value.startsWith("="))
      this.#warn(
        line,
        `cntlm takes the "=" after ${keyword} for a part of the value`,
        `write ${keyword} and the value with a blank between`,
      );
    if (line.cut)
      this.#warn(
        line,
        `a "#" ends the value of ${keyword}`,
        `if it belongs to the value, put that in quotes: ${keyword} "…"`,
      );
    if (option.use === "later" || (option.name === "NTLMToBasic" && line.value.toLowerCase() === "yes"))
      this.#refuse(
        line,
        `${keyword}${option.use === "later" ? `: ${option.note}` : ""} comes in a later version`,
        `take the ${line.flag === undefined ? "line" : "option"} out until then`,
      );
    if (option.use === "never" && !(option.name === "ISAScannerSize" && line.value === "0"))
      this.#refuse(line, `${keyword} is not supported`, option.note);
    if (line.flag !== undefined) return;
    const first = once.get(option.name);
    if (option.use === "once" && first)
      this.#warn(
        line,
        `${keyword} is given twice, and the first (line ${first.line}) counts`,
        "take one of them out",
      );
    else once.set(option.name, line);
  }

  #noteUnknown(line: CntlmLine): void {
    const near = suggest(
      line.keyword,
      cntlmOptions.map((one) => one.name),
    );
    this.#warn(
      line,
      `cntlm has no option ${line.keyword}, and the line is ignored`,
      near ? `did you mean ${near}?` : "take it out",
    );
  }

  #warn(line: CntlmLine, what: string, hint: string): void {
    this.problems.warning(this.place(line), what, hint);
  }

  #refuse(line: CntlmLine, what: string, hint: string): void {
    this.problems.error(this.place(line), what, hint);
  }
}

function isAccessRule({ keyword }: CntlmLine): boolean {
  return /^(allow|deny)$/i.test(keyword);
}
