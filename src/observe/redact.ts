import { Secret } from "../core/secret.ts";

/**
 * Makes values fit for a log line: secrets hidden by type and by name, userinfo masked, control characters
 * shown instead of sent, sizes bounded. This is the last line of defence: whoever logs should not hand over
 * a secret in the first place.
 */
export function redactFields(
  fields: Readonly<Record<string, unknown>>,
  options: RedactOptions = {},
): Record<string, unknown> {
  const clean: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(fields)) {
    const one = redactNamed(key, value, options, 0);
    // A second "level" or "msg" in one line would let a field speak for the line itself.
    const name = cleanKey(key);
    if (one !== undefined) clean[ownKeys.has(name) ? `${name}_` : name] = one;
  }
  return clean;
}

export interface RedactOptions {
  /** Errors keep their stack. */
  readonly stacks?: boolean;
}

/** A text from anywhere, without secrets, on one line, and of a bounded length. */
export function redactText(text: string): string {
  return showControls(hideCredentials(maskUserinfo(shorten(text))));
}

/**
 * Masks what stands before the `@` of every URL in a text: `http://user:***@host`, `http://***@host`.
 * A password with a raw `/`, `?` or `#` makes a URL that nobody can parse, and is masked all the same.
 */
export function maskUserinfo(text: string): string {
  if (!text.includes("@")) return text;
  return text.replace(/\S+/g, (word) => (word.includes("@") ? maskWord(word) : word));
}

/** Shows control characters and those that reorder text as `\x1b`, `\u202e`: they forge lines and drive terminals. */
export function showControls(text: string): string {
  return text.replace(unsafe, (char) => {
    const code = char.charCodeAt(0);
    return code < 0x100
      ? `\\x${code.toString(16).padStart(2, "0")}`
      : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

const hidden = "[hidden]";
const ownKeys = new Set(["level", "time", "msg"]);
/** C0, DEL and C1 (ECMA-48), line separators, and Unicode's bidirectional controls. */
const unsafe = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
/** Compared without case, `-` and `_`; `passwordFile` is a path and stays. */
const secretName =
  /(authorization|authenticate|authenticationinfo|cookie2?|password|passwd|passphrase|secret|token|hash|privatekey|apikey)$/;
const longest = 4096;
const deepest = 4;
const mostEntries = 64;

function redactNamed(key: string, value: unknown, options: RedactOptions, depth: number): unknown {
  const name = key.toLowerCase().replace(/[-_ ]/g, "");
  const isText = typeof value === "string" || (typeof value === "object" && value !== null);
  if (isText && secretName.test(name)) return hidden;
  return redactValue(value, options, depth);
}

function redactValue(value: unknown, options: RedactOptions, depth: number): unknown {
  if (typeof value === "string") return redactText(value);
  if (typeof value === "bigint") return String(value);
  if (typeof value === "function" || typeof value === "symbol") return undefined;
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Secret) return hidden;
  if (value instanceof URL) return redactText(value.href);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
  if (depth >= deepest) return "[deeper]";
  if (value instanceof Error) return redactError(value, options, depth);
  if (Array.isArray(value)) return redactList(value, options, depth);
  const clean: Record<string, unknown> = {};
  const entries = value instanceof Map ? [...value.entries()] : Object.entries(value);
  for (const [key, one] of entries.slice(0, mostEntries))
    clean[cleanKey(String(key))] = redactNamed(String(key), one, options, depth + 1);
  return clean;
}

/** A list may be raw headers, name and value by turns: a value is then hidden by the name before it. */
function redactList(list: readonly unknown[], options: RedactOptions, depth: number): unknown[] {
  return list.slice(0, mostEntries).map((value, index) => {
    const before = list[index - 1];
    return typeof before === "string" && /^[\w-]+$/.test(before)
      ? redactNamed(before, value, options, depth + 1)
      : redactValue(value, options, depth + 1);
  });
}

function redactError(error: Error, options: RedactOptions, depth: number): Record<string, unknown> {
  const code = (error as { code?: unknown }).code;
  return {
    name: redactText(error.name),
    ...(typeof code === "string" ? { code: redactText(code) } : {}),
    message: redactText(error.message),
    ...(options.stacks && error.stack ? { stack: error.stack.split("\n").slice(1, 16).map(redactText) } : {}),
    ...(error.cause === undefined ? {} : { cause: redactValue(error.cause, options, depth + 1) }),
  };
}

function cleanKey(key: string): string {
  return key === "__proto__" ? "__proto" : showControls(key.slice(0, 100));
}

function shorten(text: string): string {
  if (text.length <= longest) return text;
  const kept = text.slice(0, longest);
  // A word that is cut may be a URL whose "@" is lost, and its password would no longer be seen as one.
  const end = text.includes("@", longest)
    ? Math.max(kept.lastIndexOf(" "), kept.lastIndexOf("\n"), 0)
    : longest;
  return `${kept.slice(0, end)}[${text.length - end} characters more]`;
}

function maskWord(word: string): string {
  let done = "";
  let rest = word;
  for (;;) {
    const start = rest.indexOf("://");
    if (start < 0) return done + maskBare(rest);
    done += rest.slice(0, start + 3);
    rest = rest.slice(start + 3);
    const end = userinfoEnd(rest);
    if (end >= 0) {
      const colon = rest.slice(0, end).indexOf(":");
      done += colon < 0 ? "***@" : `${rest.slice(0, colon)}:***@`;
      rest = rest.slice(end + 1);
    }
  }
}

/** Where the userinfo of a URL ends, given what follows `://`: the index of its `@`, or -1. */
function userinfoEnd(rest: string): number {
  const last = rest.lastIndexOf("@");
  if (last < 0) return -1;
  const stop = rest.search(/[/?#]/);
  if (stop < 0 || stop > last) return last;
  const authority = rest.slice(0, stop);
  if (authority.includes("@")) return authority.lastIndexOf("@");
  // `host:8080/@scope/name` is a port and a path; `user:pa/ss@host` a password that was not encoded.
  return /^[^:]*:(?!\d{0,5}$)/.test(authority) && !authority.startsWith("[") ? last : -1;
}

/** `user:password@host` without a scheme, as people write proxies; an image's digest is none. */
function maskBare(text: string): string {
  return text.replace(/([^\s:@/=,"']{1,64}):([^\s/@]{1,256})@(?!sha\d+:)/g, "$1:***@");
}

/** Header values in running text, and tokens that are known by their looks. */
function hideCredentials(text: string): string {
  return text
    .replace(
      /\b((?:proxy-)?authorization|(?:proxy|www)-authenticate|(?:set-)?cookie2?)(["']?\s*[:=]\s*)[^\r\n]+/gi,
      `$1$2${hidden}`,
    )
    .replace(/\b((?:password|passwd|passphrase|secret|token)["']?\s*=\s*)[^\s&;]+/gi, `$1${hidden}`)
    .replace(/\b(NTLM|Negotiate)\s+(?:TlRMTVNT|YII|oY)[A-Za-z0-9+/=]*/g, `$1 ${hidden}`)
    .replace(/\bTlRMTVNT[A-Za-z0-9+/=]*/g, hidden)
    .replace(/\b(Basic)\s+([A-Za-z0-9+/]{4,}={0,2})/gi, (all, scheme: string, token: string) =>
      Buffer.from(token, "base64").includes(":") ? `${scheme} ${hidden}` : all,
    )
    .replace(/\b(Bearer)\s+[A-Za-z0-9._~+/-]{16,}=*/gi, `$1 ${hidden}`);
}
