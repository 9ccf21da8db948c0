/** A mistake or a warning, and the place in a configuration that it is about. */
export interface Problem extends Place {
  readonly severity: "error" | "warning";
  /** What is wrong: one clause, with the value where it is no secret. */
  readonly what: string;
  /** What would be right. */
  readonly hint?: string | undefined;
}

export interface Place {
  readonly file?: string | undefined;
  /** From 1. */
  readonly line?: number | undefined;
  /** From 1, in characters. */
  readonly column?: number | undefined;
}

/** What a reader of one value gives: the value, or what is wrong with it and what would be right. */
export type Reading<T> = { readonly value: T } | Wrong;

export interface Wrong {
  readonly what: string;
  readonly hint: string;
}

/** Collects the problems of one reading. */
export class Problems {
  readonly list: Problem[] = [];

  error(place: Place, what: string, hint?: string): void {
    this.list.push({ severity: "error", ...placeOnly(place), what, hint });
  }

  warning(place: Place, what: string, hint?: string): void {
    this.list.push({ severity: "warning", ...placeOnly(place), what, hint });
  }

  /** The value of a reading; what is wrong with it is noted at the place and gives undefined. */
  take<T>(place: Place, reading: Reading<T>): T | undefined {
    if ("value" in reading) return reading.value;
    this.error(place, reading.what, reading.hint);
    return undefined;
  }

  get failed(): boolean {
    return this.list.some((one) => one.severity === "error");
  }

  /** In the order of the file; those without a line come last. */
  sorted(): Problem[] {
    const last = Number.MAX_SAFE_INTEGER;
    return this.list.toSorted(
      (a, b) => (a.line ?? last) - (b.line ?? last) || (a.column ?? last) - (b.column ?? last),
    );
  }
}

/** `file:line:column: what; hint`, one line. */
export function problemText(problem: Problem): string {
  const place = [problem.file, problem.line, problem.column].filter((one) => one !== undefined).join(":");
  const said = problem.hint === undefined ? problem.what : `${problem.what}; ${problem.hint}`;
  return place === "" ? said : `${place}: ${said}`;
}

function placeOnly({ file, line, column }: Place): Place {
  return { file, line, column };
}
