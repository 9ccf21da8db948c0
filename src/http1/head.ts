import { AnswerError, BadRequestError } from "../core/errors.ts";

/** One header field as it came: the name keeps its case for the next hop, `lower` is for comparing. */
export interface Field {
  readonly name: string;
  readonly lower: string;
  readonly value: string;
}

export interface RequestHead {
  readonly method: string;
  readonly target: string;
  /** 0 for HTTP/1.0, 1 for HTTP/1.1 and above. */
  readonly minor: 0 | 1;
  readonly fields: readonly Field[];
}

export interface ResponseHead {
  readonly status: number;
  readonly reason: string;
  readonly minor: 0 | 1;
  readonly fields: readonly Field[];
}

/**
 * Parses a request's head, strictly (RFC 9112, 2.2, 3 and 5): what two servers could read in two ways is refused.
 * @param text the head in latin1, without the empty line that ends it
 * @throws BadRequestError (400, 431 or 505)
 */
export function parseRequestHead(text: string, mostFields: number): RequestHead {
  const lines = splitLines(text, badRequest);
  const match = REQUEST_LINE.exec(lines[0]!);
  if (!match) badRequest("the request line is not `METHOD target HTTP/1.1`");
  const [, method, target, version] = match as unknown as [string, string, string, string];
  if (!version.startsWith("1."))
    throw new BadRequestError(`The request speaks HTTP/${version}, and this proxy speaks HTTP/1.1`, {
      status: 505,
    });
  if (lines.length - 1 > mostFields)
    throw new BadRequestError(`The request has ${lines.length - 1} header fields, more than ${mostFields}`, {
      status: 431,
    });
  const fields: Field[] = [];
  for (let i = 1; i < lines.length; i++) {
    const line = lines[i]!;
    const field = FIELD_LINE.exec(line);
    if (!field) badRequest(whatIsWrong(line));
    fields.push(makeField(field[1]!, field[2]!));
  }
  return { method, target, minor: version === "1.0" ? 0 : 1, fields };
}

/**
 * Parses a response's head. Two faults of servers are mended as RFC 9112 (5.1, 5.2) asks of a proxy: white space
 * before the colon is dropped, and a folded line becomes one. All else is refused.
 * @param text the head in latin1, without the empty line that ends it
 * @throws AnswerError
 */
export function parseResponseHead(text: string, mostFields: number): ResponseHead {
  const lines = splitLines(text, badAnswer);
  if (text.includes("\r\n ") || text.includes("\r\n\t")) unfold(lines);
  const match = STATUS_LINE.exec(lines[0]!);
  if (!match) badAnswer("it does not begin with `HTTP/1.1 200 OK`");
  if (lines.length - 1 > mostFields)
    badAnswer(`it has ${lines.length - 1} header fields, more than ${mostFields}`);
  const fields: Field[] = [];
  for (let i = 1; i < lines.length; i++) {
    const field = LENIENT_FIELD_LINE.exec(lines[i]!);
    if (!field) badAnswer("a header field is malformed");
    fields.push(makeField(field[1]!, field[2]!));
  }
  return { status: Number(match[2]), reason: match[3] ?? "", minor: match[1] === "0" ? 0 : 1, fields };
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const VALUE = "[\\t\\x20-\\x7e\\x80-\\xff]*";
const REQUEST_LINE = new RegExp(`^(${TOKEN}) ([\\x21-\\x7e\\x80-\\xff]+) HTTP/(\\d\\.\\d)$`);
const STATUS_LINE = new RegExp(`^HTTP/1\\.(\\d) ([1-9]\\d\\d)(?: (${VALUE}))?$`);
const FIELD_LINE = new RegExp(`^(${TOKEN}):(${VALUE})$`);
const LENIENT_FIELD_LINE = new RegExp(`^(${TOKEN})[ \\t]*:(${VALUE})$`);

function splitLines(text: string, refuse: (what: string) => never): string[] {
  if (text.includes("\0")) refuse("there is a null byte in the head");
  const lines = text.split("\r\n");
  for (const line of lines)
    if (line.includes("\n") || line.includes("\r")) refuse("a line of the head ends with a bare CR or LF");
  return lines;
}

/** Lower-case forms of the names that come in nearly every message, so that they are not made anew each time. */
const lowerNames = new Map<string, string>();

function makeField(name: string, rawValue: string): Field {
  let lower = lowerNames.get(name);
  if (lower === undefined) {
    lower = name.toLowerCase();
    // Bounded: hostile clients may send any number of names.
    if (lowerNames.size < 512 && name.length < 64) lowerNames.set(name, lower);
  }
  return { name, lower, value: trimOws(rawValue) };
}

/** Without the white space around it: spaces and tabs only. String.trim would also take NBSP, a byte of a value here. */
export function trimOws(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && isOws(value.charCodeAt(start))) start++;
  while (end > start && isOws(value.charCodeAt(end - 1))) end--;
  return start === 0 && end === value.length ? value : value.slice(start, end);
}

function isOws(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** Joins folded lines to the field that they continue, each fold as one space. */
function unfold(lines: string[]): void {
  let last = 0;
  let folded = 0;
  for (let i = 1; i < lines.length; i++) {
    const line = lines[i]!;
    if (!isOws(line.charCodeAt(0))) lines[++last] = line;
    else {
      if (folded !== last) {
        // Only a value may be folded: half a name is not a field that goes on.
        if (!lines[last]!.includes(":")) badAnswer("a folded line continues no header field");
        lines[last] = trimOws(lines[last]!);
        folded = last;
      } else if (last === 0) badAnswer("a folded line continues no header field");
      lines[last] += ` ${trimOws(line)}`;
    }
  }
  lines.length = last + 1;
}

function whatIsWrong(line: string): string {
  if (/^[ \t]/.test(line)) return "a header field is folded over two lines";
  if (/^[^:]*[ \t]:/.test(line)) return "there is white space before the colon of a header field";
  return "a header field is malformed";
}

function badRequest(what: string): never {
  throw new BadRequestError(`The request is not valid HTTP: ${what}`);
}

function badAnswer(what: string): never {
  throw new AnswerError(`The answer is not valid HTTP: ${what}`);
}
