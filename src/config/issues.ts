import type { z } from "zod";
import { suggest } from "../core/suggest.ts";
import { laterKey, laterScheme } from "./later.ts";
import type { Problems } from "./problem.ts";
import { namesAt, tables } from "./schema-walk.ts";
import type { TomlDocument } from "./toml.ts";

type Issue = z.core.$ZodIssue;

/** Notes an issue of the schema as a sentence with its place and what would be right. Values of secret keys are never shown. */
export function noteIssue(problems: Problems, document: TomlDocument, issue: Issue): void {
  if (issue.code === "unrecognized_keys") {
    for (const key of issue.keys) noteUnknown(problems, document, issue.path, key);
    return;
  }
  const value = valueAt(document, issue.path);
  if (value === undefined) {
    // When lines were left out as no TOML, the key may have been among them.
    if (document.problems.length === 0)
      problems.error(
        document.placeOf(issue.path),
        `${nameOf(issue.path)} is missing`,
        "add it to this table",
      );
    return;
  }
  const { what, hint } = sentence(issue, value);
  problems.error(document.placeOfValue(issue.path), `${nameOf(issue.path)}: ${what}`, hint);
}

function noteUnknown(
  problems: Problems,
  document: TomlDocument,
  path: readonly PropertyKey[],
  key: string,
): void {
  const place = document.placeOf([...path, key]);
  const feature = laterKey(key);
  const name = nameOf([...path, key]);
  if (feature) {
    problems.error(place, `${name}: ${feature} comes in a later version`, "take the key out until then");
    return;
  }
  const known = namesAt(path);
  const near = suggest(key, known);
  const elsewhere = tables().filter(
    (table) => table.keys.some((one) => one.name === key) || table.path.endsWith(`.${key}`),
  );
  const home = elsewhere[0];
  const hint = near
    ? `did you mean ${near}?`
    : home?.path.endsWith(`.${key}`)
      ? `write ${home.list ? `[[${home.path}]]` : `[${home.path}]`}`
      : home
        ? `it belongs into ${elsewhere.map((one) => (one.list ? `[[${one.path}]]` : `[${one.path}]`)).join(" or ")}`
        : `known here: ${known.join(", ")}`;
  problems.error(place, `there is no key ${name}`, hint);
}

function sentence(issue: Issue, value: unknown): { what: string; hint: string | undefined } {
  switch (issue.code) {
    case "custom":
      return { what: issue.message, hint: (issue.params as { hint?: string } | undefined)?.hint };
    case "invalid_type":
      return wrongType(issue, value);
    case "invalid_union":
      return { what: `this is ${typeName(value)}`, hint: 'write a time, as "2s", "500ms", "10m" or "1h"' };
    case "invalid_value":
      return wrongChoice(issue.values.map(String), value);
    case "too_small":
      return { what: `${String(value)} is too small`, hint: `the least is ${issue.minimum}` };
    case "too_big":
      return { what: `${String(value)} is too large`, hint: `the most is ${issue.maximum}` };
    case "invalid_format":
      return { what: issue.message, hint: "sallyport hash prints it" };
    default:
      return { what: issue.message, hint: undefined };
  }
}

function wrongType(issue: z.core.$ZodIssueInvalidType, value: unknown): { what: string; hint: string } {
  const list = issue.path.at(-1) === "parent" || issue.path.at(-1) === "client";
  const wanted: Record<string, string> = {
    string: 'write a text in quotes, "…"',
    boolean: "write true or false, without quotes",
    number: "write a number, without quotes",
    int: "write a whole number",
    array: list ? `write [[${issue.path.join(".")}]]` : 'write a list, ["…", "…"]',
    object: `write a table, [${issue.path.join(".")}]`,
  };
  return { what: `this is ${typeName(value)}`, hint: wanted[issue.expected] ?? `write ${issue.expected}` };
}

function wrongChoice(choices: string[], value: unknown): { what: string; hint: string } {
  if (typeof value !== "string")
    return { what: `this is ${typeName(value)}`, hint: `write one of ${quoted(choices)}` };
  const later = choices.includes("ntlm") ? laterScheme(value) : undefined;
  if (later)
    return { what: `${later} comes in a later version`, hint: `until then write one of ${quoted(choices)}` };
  const near = suggest(value, choices);
  return {
    what: `"${value}" is not a choice`,
    hint: near ? `did you mean "${near}"?` : `write one of ${quoted(choices)}`,
  };
}

function quoted(choices: string[]): string {
  return choices.map((one) => `"${one}"`).join(", ");
}

function typeName(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (value instanceof Date) return "a date";
  if (typeof value === "object") return "a table";
  if (typeof value === "boolean") return "true or false";
  if (typeof value === "string") return "a text";
  return Number.isInteger(value) ? "a number" : "a number with a fraction or without end";
}

/** `proxy.parent.url`: lists without their index, since the place says which. */
function nameOf(path: readonly PropertyKey[]): string {
  return path.filter((key) => typeof key !== "number").join(".");
}

function valueAt(document: TomlDocument, path: readonly PropertyKey[]): unknown {
  let value: unknown = document.value;
  for (const key of path) {
    // A single text stands for a list of one.
    if (typeof key === "number" && !Array.isArray(value)) return value;
    if (value === null || typeof value !== "object") return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}
