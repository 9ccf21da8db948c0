import { suggest } from "../../core/suggest.ts";
import type { Reading } from "../problem.ts";
import type { ProxySettings } from "../settings.ts";

/** Reads how a spare connection is authenticated: `trace`, `off`, or an `http://` URL for a HEAD request. */
export function readProbe(text: string): Reading<ProxySettings["probe"]> {
  if (text === "trace" || text === "off") return { value: text };
  if (/^http:\/\/[^@]+$/i.test(text) && URL.canParse(text)) return { value: new URL(text) };
  const near = suggest(text, ["trace", "off"]);
  return {
    what: text.includes("@") ? "the URL of probe holds a user name" : `"${text}" is no way to probe`,
    hint: near
      ? `did you mean "${near}"?`
      : 'write "trace", "off" or an http:// URL that the parent lets through',
  };
}
