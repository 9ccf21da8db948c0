import { type AST, getStaticTOMLValue, ParseError, parseTOML } from "toml-eslint-parser";
import type { Place, Problem } from "./problem.ts";

/** A TOML text as values, with the place of each of them. */
export interface TomlDocument {
  readonly value: TomlTable;
  readonly problems: readonly Problem[];
  /** The place of the key or element at the path; of its nearest container when it is not there itself. */
  placeOf(path: readonly PropertyKey[]): Place;
  /** The place of the value after the key. */
  placeOfValue(path: readonly PropertyKey[]): Place;
  /** Takes keys and elements out, so that the rest can be read; of what is not there, its container. */
  remove(paths: readonly (readonly PropertyKey[])[]): void;
}

export type TomlTable = { [key: string]: unknown };

/**
 * Reads TOML 1.0 with positions. A line that is no TOML is noted, taken out, and the reading goes on, so that
 * one slip does not hide the other mistakes. `value` is empty when the text as a whole cannot be made sense of.
 */
export function readToml(text: string, file?: string): TomlDocument {
  const { ast, problems } = parseAroundMistakes(text.startsWith("\uFEFF") ? text.slice(1) : text, file);
  const value = emptyTable();
  const places: Places = new WeakMap();
  note(places, value, { file, line: 1, column: 1 });
  for (const item of ast?.body[0].body ?? []) {
    if (item.type === "TOMLKeyValue") assign(places, value, item, file);
    else {
      const table = open(places, value, item.resolvedKey, start(item, file));
      for (const pair of item.body) assign(places, table, pair, file);
    }
  }
  return {
    value,
    problems,
    placeOf: (path) => find(places, value, path).key,
    placeOfValue: (path) => find(places, value, path).value,
    remove: (paths) => remove(places, value, paths),
  };
}

/** Parses; at a line that is wrong by itself, blanks it and parses again. */
function parseAroundMistakes(text: string, file: string | undefined) {
  const lines = text.split("\n");
  const problems: Problem[] = [];
  for (let tries = 0; tries <= mostSyntaxErrors; tries++) {
    try {
      return { ast: parseTOML(lines.join("\n"), { tomlVersion: "1.0" }), problems };
    } catch (thrown) {
      if (thrown instanceof RangeError) {
        problems.push({
          severity: "error",
          file,
          what: "it is nested too deeply, or a list or text in it is too long",
        });
        return { ast: undefined, problems };
      }
      if (!(thrown instanceof ParseError)) throw thrown;
      const { index, message } = faultyLine(lines, thrown);
      const before = lines[index] ?? "";
      const column = thrown.lineNumber === index + 1 ? thrown.column + 1 : before.search(/\S|$/) + 1;
      problems.push({ severity: "error", file, line: index + 1, column, ...syntaxProblem(message, before) });
      if (before.trim() === "" || !blank(lines, index, message)) break;
    }
  }
  return { ast: undefined, problems };
}

const mostSyntaxErrors = 50;
const twice = "Defining a key multiple times is invalid";

/**
 * The parser sees some mistakes one token late. When the line it names is right by itself and the one before it
 * is not, the mistake is in the one before.
 */
function faultyLine(lines: readonly string[], error: ParseError): { index: number; message: string } {
  const index = Math.min(error.lineNumber, lines.length) - 1;
  if (error.message === twice || aloneError(lines[index]!) !== undefined)
    return { index, message: error.message };
  let before = index - 1;
  while (before >= 0 && /^\s*(#|$)/.test(lines[before]!)) before--;
  const message = before >= 0 ? aloneError(lines[before]!) : undefined;
  return message === undefined ? { index, message: error.message } : { index: before, message };
}

function aloneError(line: string): string | undefined {
  try {
    parseTOML(line, { tomlVersion: "1.0" });
    return undefined;
  } catch (thrown) {
    return thrown instanceof ParseError ? thrown.message : undefined;
  }
}

/** Empties the line; after a broken table header also what follows, up to the next header. False when nothing helps. */
function blank(lines: string[], index: number, message: string): boolean {
  const line = lines[index]!;
  if (message !== twice && aloneError(line) === undefined) return false;
  lines[index] = "";
  if (/^\s*\[/.test(line) && !/^\s*\[.*,/.test(line))
    for (let next = index + 1; next < lines.length && !/^\s*\[/.test(lines[next]!); next++) lines[next] = "";
  return true;
}

/** The parser's sentence with what would be right. A line is never shown, only its key: it may hold a password. */
function syntaxProblem(message: string, line: string): { what: string; hint: string } {
  const key = /^\s*([A-Za-z0-9_.-]+)\s*=/.exec(line)?.[1];
  if (message === twice) {
    const header = /^\s*\[\[?\s*([^\]]+?)\s*\]/.exec(line)?.[1];
    return header === undefined
      ? { what: `the key ${key ?? ""} is set twice`, hint: "keep one of the two lines" }
      : { what: `the table [${header}] is there twice`, hint: "put its keys into one table" };
  }
  if (message.startsWith("Unterminated string"))
    return { what: "a text has no closing quote", hint: 'end it with " on the same line' };
  if (/^\s*\[/.test(line))
    return { what: "this is not a table header", hint: "write [name] or [[name]] on a line of its own" };
  if (/^\s*["']/.test(line))
    return { what: "this is not TOML", hint: 'in a list, put a comma after each text: ["a", "b"]' };
  if (key === undefined)
    return { what: 'this line is not TOML: it has no "="', hint: 'write key = "value", or [table]' };
  if (message.startsWith("Must be a newline"))
    return { what: `something follows the value of ${key}`, hint: "write one key a line" };
  return {
    what: `the value of ${key} is not TOML`,
    hint: `put a text in quotes: ${key} = "value"; a list is ["a", "b"], a switch true or false`,
  };
}

// --- values and their places

type Container = TomlTable | unknown[];
interface Spot {
  readonly key: Place;
  readonly value: Place;
}
type Places = WeakMap<Container, { readonly self: Spot; readonly inner: Map<string, Spot> | Spot[] }>;

/** Without a prototype, so that a key of that name is a key like any other. */
function emptyTable(): TomlTable {
  return Object.create(null) as TomlTable;
}

function note(places: Places, container: Container, place: Place): void {
  const inner: Map<string, Spot> | Spot[] = Array.isArray(container) ? [] : new Map();
  places.set(container, { self: { key: place, value: place }, inner });
}

function set(places: Places, container: Container, key: string | number, value: unknown, spot: Spot): void {
  (container as TomlTable)[key] = value;
  const inner = places.get(container)!.inner;
  if (Array.isArray(inner)) inner[key as number] = spot;
  else inner.set(String(key), spot);
}

/** The table at the path, made when it is not there yet. */
function open(places: Places, root: TomlTable, path: readonly (string | number)[], place: Place): TomlTable {
  let container: Container = root;
  path.forEach((key, depth) => {
    const next: unknown = (container as TomlTable)[key];
    if (next !== null && typeof next === "object") container = next as Container;
    else {
      const made: Container = typeof path[depth + 1] === "number" ? [] : emptyTable();
      note(places, made, place);
      set(places, container, key, made, { key: place, value: place });
      container = made;
    }
  });
  return container as TomlTable;
}

function assign(places: Places, table: TomlTable, pair: AST.TOMLKeyValue, file: string | undefined): void {
  const names = pair.key.keys.map((key) => (key.type === "TOMLBare" ? key.name : key.value));
  const last = names.pop()!;
  const key = start(pair.key, file);
  const parent = names.length === 0 ? table : open(places, table, names, key);
  set(places, parent, last, convert(places, pair.value, file), { key, value: start(pair.value, file) });
}

function convert(places: Places, node: AST.TOMLContentNode, file: string | undefined): unknown {
  if (node.type === "TOMLArray") {
    const list: unknown[] = [];
    note(places, list, start(node, file));
    node.elements.forEach((element, index) => {
      const place = start(element, file);
      set(places, list, index, convert(places, element, file), { key: place, value: place });
    });
    return list;
  }
  if (node.type === "TOMLInlineTable") {
    const table = emptyTable();
    note(places, table, start(node, file));
    for (const pair of node.body) assign(places, table, pair, file);
    return table;
  }
  return getStaticTOMLValue(node);
}

function start(node: { loc: AST.SourceLocation }, file: string | undefined): Place {
  return { file, line: node.loc.start.line, column: node.loc.start.column + 1 };
}

function find(places: Places, root: TomlTable, path: readonly PropertyKey[]): Spot {
  let container: unknown = root;
  let spot = places.get(root)!.self;
  for (const key of path) {
    const inner: Map<string, Spot> | Spot[] | undefined =
      container !== null && typeof container === "object"
        ? places.get(container as Container)?.inner
        : undefined;
    const next: Spot | undefined = Array.isArray(inner) ? inner[Number(key)] : inner?.get(String(key));
    if (next === undefined) return spot;
    spot = next;
    container = (container as TomlTable)[key as string];
  }
  return spot;
}

function remove(places: Places, root: TomlTable, paths: readonly (readonly PropertyKey[])[]): void {
  // All are found before the first is taken out: indices move.
  const doomed = new Map<Container, Set<PropertyKey>>();
  for (const path of paths) {
    const found = locate(root, path);
    if (found) doomed.set(found.container, (doomed.get(found.container) ?? new Set()).add(found.key));
  }
  for (const [container, keys] of doomed) {
    const inner = places.get(container)?.inner;
    const ordered = Array.isArray(container) ? [...keys].map(Number).sort((a, b) => b - a) : [...keys];
    for (const key of ordered)
      if (Array.isArray(container)) {
        container.splice(Number(key), 1);
        if (Array.isArray(inner)) inner.splice(Number(key), 1);
      } else {
        delete container[String(key)];
        if (inner instanceof Map) inner.delete(String(key));
      }
  }
}

/** The innermost part of the path that is there. */
function locate(root: TomlTable, path: readonly PropertyKey[]) {
  let container: unknown = root;
  let found: { container: Container; key: PropertyKey } | undefined;
  for (const key of path) {
    if (container === null || typeof container !== "object" || !Object.hasOwn(container, key)) break;
    found = { container: container as Container, key };
    container = (container as TomlTable)[key as string];
  }
  return found;
}
