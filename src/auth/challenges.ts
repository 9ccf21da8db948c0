/** One scheme that a 407 offers. */
export interface AuthChallenge {
  /** In lower case, for comparing. */
  readonly scheme: string;
  /** As the parent spells it, for messages. */
  readonly name: string;
  /** What follows the name, as it came: a token68, or parameters; `""` when nothing does. */
  readonly parameters: string;
}

/**
 * All challenges of a 407, in their order, from the values of its `Proxy-Authenticate` fields
 * (RFC 9110, 11.6.1 and 11.7.1: several fields, and several challenges in one, joined by the same commas that
 * part their parameters). What cannot be read is passed over; nothing throws. Linear in the length.
 */
export function parseChallenges(values: readonly string[]): AuthChallenge[] {
  return values.flatMap(parseField);
}

function parseField(value: string): AuthChallenge[] {
  const found: { name: string; parameters: string[] }[] = [];
  for (const element of splitAtCommas(value)) {
    const current = found.at(-1);
    // `name = value` goes on with the challenge before; any other token opens one.
    if (parameterStart.test(element)) current?.parameters.push(element);
    else {
      const opened = challengeStart.exec(element);
      if (opened) found.push({ name: opened[1]!, parameters: opened[2] ? [opened[2]] : [] });
    }
  }
  return found.map(({ name, parameters }) => ({
    scheme: name.toLowerCase(),
    name,
    parameters: parameters.join(", "),
  }));
}

const parameterStart = /^[!#$%&'*+.^_`|~\w-]+[ \t]*=/;
const challengeStart = /^([!#$%&'*+.^_`|~\w-]+)(?:[ \t]+(.*))?$/s;

/** The elements between commas outside of quoted strings, trimmed, without empty ones. */
function splitAtCommas(value: string): string[] {
  const elements: string[] = [];
  let start = 0;
  let quoted = false;
  for (let i = 0; i < value.length; i++) {
    const char = value[i];
    if (quoted && char === "\\") i++;
    else if (char === '"') quoted = !quoted;
    if (char !== "," || quoted) continue;
    elements.push(value.slice(start, i));
    start = i + 1;
  }
  elements.push(value.slice(start));
  return elements.map((element) => element.trim()).filter((element) => element !== "");
}
