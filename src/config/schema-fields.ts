import { z } from "zod";
import type { Reading } from "./problem.ts";

/** The forms of values that the schema's keys share. */
export const text = z.string().refine((value) => value.trim() !== "", {
  message: "it is empty",
  params: { hint: "give it a value or leave the key out" },
});

export const accountName = text.refine((value) => !value.includes("\\"), {
  message: "the name holds the domain as well",
  params: { hint: 'write username = "user" and domain = "DOMAIN"' },
});

export const fields = { duration: z.union([z.string(), z.number()]) };

/** 16 bytes as 32 hex digits; the value is never shown. */
export const hashText = z.string().regex(/^[0-9a-f]{32}$/i, {
  error: "a hash is exactly 32 hex digits",
});

/** A list; a single text stands for a list of one. */
export function listOf<T extends z.ZodType>(element: T) {
  return z.preprocess((value) => (typeof value === "string" ? [value] : value), z.array(element));
}

/** The value of a reading, or its mistake as an issue. */
export function reading<T>(result: Reading<T>, context: z.RefinementCtx): T {
  if ("value" in result) return result.value;
  context.addIssue({ code: "custom", message: result.what, params: { hint: result.hint } });
  return z.NEVER;
}
