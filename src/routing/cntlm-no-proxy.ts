/**
 * cntlm's `NoProxy`: patterns separated by commas and blanks, each held against the request's host without
 * its port as fnmatch(3) with no flags does (`*` also crosses dots). Text only: no networks, no ports, no
 * name is resolved. One difference: cntlm minds the case of letters, Sallyport does not (RFC 9110, 4.2.3:
 * host names have none), so what cntlm sends direct goes direct here too.
 */
export function parseCntlmNoProxy(text: string): CntlmNoProxy {
  const patterns = text.split(/[,\s]+/).filter((pattern) => pattern !== "");
  const exact = new Map<string, string>();
  const globs: Glob[] = [];
  for (const pattern of patterns) {
    if (/[*?[\\]/.test(pattern)) globs.push({ text: pattern, steps: compile(pattern.toLowerCase()) });
    else if (!exact.has(pattern.toLowerCase())) exact.set(pattern.toLowerCase(), pattern);
  }
  return { patterns, exact, globs };
}

/** The pattern by which a request for `host` (IPv6 with or without brackets) goes direct, as it was written. */
export function matchCntlmNoProxy(list: CntlmNoProxy, host: string): string | undefined {
  const name = host.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  return list.exact.get(name) ?? list.globs.find((glob) => matches(glob.steps, name))?.text;
}

export interface CntlmNoProxy {
  readonly patterns: readonly string[];
  readonly exact: ReadonlyMap<string, string>;
  readonly globs: readonly Glob[];
}

interface Glob {
  readonly text: string;
  readonly steps: readonly Step[];
}

/** One character of a pattern: itself, any (`?`), one of a set (`[...]`), or any number of any (`*`). */
type Step = string | typeof any | typeof many | RegExp;
const any = Symbol("?");
const many = Symbol("*");

function compile(pattern: string): Step[] {
  const steps: Step[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at]!;
    const set = character === "[" ? readSet(pattern, at) : undefined;
    if (set) {
      steps.push(set.step);
      at = set.end;
    } else if (character === "*") steps.push(many);
    else if (character === "?") steps.push(any);
    else if (character === "\\" && at + 1 < pattern.length) steps.push(pattern[++at]!);
    else steps.push(character);
  }
  return steps;
}

/** `[a-f]`, `[!0-9]`, `[]x]`, `[[:digit:]]`. Undefined when it never closes: `[` is then itself. */
function readSet(pattern: string, at: number): { step: RegExp; end: number } | undefined {
  const match = /^\[([!^]?)(\]?(?:\[:[a-z]+:\]|\\.|[^\]\\])*)\]/.exec(pattern.slice(at));
  if (match === null) return undefined;
  const members = match[2]!.replace(/\[:([a-z]+):\]|\\(.)|([\\\][^])/g, (_, name, escaped, plain) =>
    name === undefined ? `\\${escaped ?? plain}` : (classes[name] ?? ""),
  );
  const end = at + match[0].length - 1;
  try {
    return { step: new RegExp(`^[${match[1] === "" ? "" : "^"}${members}]$`), end };
  } catch {
    return { step: /(?!)/, end }; // A range that runs backwards matches nothing.
  }
}

const classes: Record<string, string> = {
  alpha: "a-z",
  lower: "a-z",
  upper: "a-z",
  digit: "0-9",
  alnum: "a-z0-9",
  xdigit: "a-f0-9",
  punct: "!-\\/:-@\\[-`{-~",
};

/** At a mismatch only the last `*` takes one character more: at worst the product of both lengths, never exponential. */
function matches(steps: readonly Step[], name: string): boolean {
  let [step, at] = [0, 0];
  let [star, resume] = [-1, 0];
  while (at < name.length) {
    if (steps[step] === many) {
      [star, resume] = [step++, at];
    } else if (step < steps.length && accepts(steps[step]!, name[at]!)) {
      step++;
      at++;
    } else if (star === -1) return false;
    else {
      step = star + 1;
      at = ++resume;
    }
  }
  while (steps[step] === many) step++;
  return step === steps.length;
}

function accepts(step: Step, character: string): boolean {
  if (typeof step === "string") return step === character;
  return step === any || (step instanceof RegExp && step.test(character));
}
