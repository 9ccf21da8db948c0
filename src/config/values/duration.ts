import type { Reading } from "../problem.ts";

const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
/** setTimeout() holds 2^31 - 1 milliseconds. */
const longest = 24 * units.d;

/**
 * Reads a time in milliseconds from `"500ms"`, `"2s"`, `"10m"`, `"1h"`, `"1d"`, or a number of seconds.
 * @param zero true where 0 has a meaning
 */
export function readDuration(value: unknown, zero: boolean): Reading<number> {
  const parts = typeof value === "string" ? /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?$/.exec(value.trim()) : null;
  const seconds = typeof value === "number" ? value : parts && !parts[2] ? Number(parts[1]) : undefined;
  const ms =
    seconds !== undefined
      ? seconds * 1000
      : parts
        ? Number(parts[1]) * units[parts[2] as keyof typeof units]
        : Number.NaN;
  if (ms === 0 && zero) return { value: 0 };
  if (ms >= 1 && ms <= longest) return { value: Math.round(ms) };
  return {
    what: `${show(value)} is not a length of time`,
    hint: `write "500ms", "2s", "10m" or "1h"${zero ? ", or 0 for no limit" : ""} (24 days at the most)`,
  };
}

/** The shortest form that reads back the same. */
export function durationText(ms: number): string {
  for (const unit of ["d", "h", "m", "s"] as const)
    if (ms >= units[unit] && ms % units[unit] === 0) return `${ms / units[unit]}${unit}`;
  return ms === 0 ? "0" : `${ms}ms`;
}

function show(value: unknown): string {
  return typeof value === "string" ? `"${value}"` : typeof value === "number" ? String(value) : "this";
}
