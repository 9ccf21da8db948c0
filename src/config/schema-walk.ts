import type { z } from "zod";
import { schema } from "./schema.ts";

/** The parts of a schema's definition that lead to what is inside. */
interface Definition {
  readonly type: string;
  readonly innerType?: z.ZodType;
  readonly element?: z.ZodType;
  readonly in?: z.ZodType;
  readonly out?: z.ZodType;
  readonly shape?: Record<string, z.ZodType>;
  readonly defaultValue?: unknown;
}

export interface KeyFacts {
  readonly name: string;
  readonly initial: unknown;
  readonly required: boolean;
  readonly form: string;
  readonly description: string;
}

/** The tables of the schema in its own order, each with its keys: `proxy`, `proxy.parent` (a list), … */
export function tables(): { path: string; list: boolean; keys: KeyFacts[] }[] {
  const found: { path: string; list: boolean; keys: KeyFacts[] }[] = [];
  const visit = (node: z.ZodType, path: string, list: boolean) => {
    const keys: KeyFacts[] = [];
    found.push({ path, list, keys });
    for (const [name, child] of Object.entries(definition(unwrap(node)).shape ?? {})) {
      const inner = unwrap(child);
      const { type, element } = definition(inner);
      const below = path === "" ? name : `${path}.${name}`;
      if (type === "object") visit(inner, below, false);
      else if (type === "array" && definition(unwrap(element!)).type === "object")
        visit(element!, below, true);
      else keys.push(facts(name, child));
    }
  };
  visit(schema, "", false);
  return found;
}

/** The names that may stand in the table at the path of an issue (with the indices of lists in it). */
export function namesAt(path: readonly PropertyKey[]): string[] {
  let node: z.ZodType = schema;
  for (const key of path) {
    const { shape, element } = definition(unwrap(node));
    const next = typeof key === "number" ? element : shape?.[String(key)];
    if (next === undefined) return [];
    node = next;
  }
  return Object.keys(definition(unwrap(node)).shape ?? {});
}

function facts(name: string, node: z.ZodType): KeyFacts {
  const meta = node.meta() as { form?: string; description?: string } | undefined;
  const { type, defaultValue } = definition(node);
  return {
    name,
    initial: defaultValue,
    required: !["default", "prefault", "optional"].includes(type),
    form: meta?.form ?? "",
    description: meta?.description ?? "",
  };
}

/** Through defaults, optional marks and preprocessing, to the object, list or value inside. */
function unwrap(node: z.ZodType): z.ZodType {
  const { innerType, type, in: before, out } = definition(node);
  if (innerType) return unwrap(innerType);
  // A preprocessing stands before what it feeds, a transformation after what feeds it.
  if (type === "pipe") return definition(before!).type === "transform" ? unwrap(out!) : unwrap(before!);
  return node;
}

function definition(node: z.ZodType): Definition {
  return node.def as unknown as Definition;
}
