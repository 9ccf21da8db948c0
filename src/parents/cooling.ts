import type { Refusals } from "./refusals.ts";

/** What an entry means for the next logon. */
export type Outlook =
  | { readonly kind: "may try" }
  | { readonly kind: "latched" }
  /** Milliseconds from now; `lost`: proofs without a verdict among what was tried. */
  | { readonly kind: "cooling"; readonly left: number; readonly refused: boolean; readonly lost: number };

/**
 * What is to be done about a credential that is in doubt. Only refusals latch; a proof without a verdict may have been
 * refused as well and makes the waits longer, since the domain counts it whoever broke the connection.
 */
export function outlook(entry: Refusals, now: number): Outlook {
  if (entry.count >= 2 && !entry.pending) return { kind: "latched" };
  const lost = entry.lost ?? 0;
  const left = Math.min(entry.at, now) + waitAfter(entry.count, lost) - now;
  if (left <= 0) return { kind: "may try" };
  return { kind: "cooling", left, refused: entry.count > 0, lost };
}

/** @returns milliseconds */
function waitAfter(refused: number, lost: number): number {
  const spent = refused + lost;
  if (spent === 0 || (refused === 0 && spent < LOST_FREE)) return 0;
  return Math.min(COOLING * 2 ** Math.min(10, Math.max(0, spent - LOST_FREE)), LONGEST_COOLING);
}

/**
 * An entry as it holds now: a pending proof whose verdict nobody can still bring counts as lost, and a date in the
 * future (the clock was set back) becomes today's.
 */
export function asOf(entry: Refusals, now: number): Refusals {
  const ahead = entry.at > now + CLOCK_SKEW;
  const at = ahead ? now : entry.at;
  if (entry.pending && (ahead || now - entry.at >= PENDING_STALE)) return lostOne(entry, at);
  return ahead ? { ...entry, at } : entry;
}

/** The pending proof of an entry has no verdict and gets none any more. */
export function lostOne(entry: Refusals, at: number): Refusals {
  return {
    count: Math.max(0, entry.count - (entry.pending ? 1 : 0)),
    at,
    pending: false,
    lost: (entry.lost ?? 0) + 1,
  };
}

/** After one refusal. A domain controller that was away for a moment refuses as well. */
export const COOLING = 30_000;
const LONGEST_COOLING = 600_000;
/** One each for a parent that breaks off and for the next one that is tried in its place. */
const LOST_FREE = 2;
/** A logon without a verdict for so long was cut off by a crash. */
export const PENDING_STALE = 15_000;
const CLOCK_SKEW = 1000;
