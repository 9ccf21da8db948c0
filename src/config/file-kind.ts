import { cntlmKeywords } from "./cntlm/options.ts";

/**
 * Tells `sallyport.toml` from `cntlm.conf` by what the lines look like, whatever the file is called:
 * `Keyword value` is cntlm's, `key = value` and `[[table]]` are TOML's. The majority decides, a tie is TOML.
 */
export function detectKind(text: string): "toml" | "cntlm" {
  let [toml, cntlm] = [0, 0];
  for (const line of text.split(/\r?\n/)) {
    const word = /^[\s\uFEFF]*([A-Za-z0-9]+)[ \t]+[^\s=]/.exec(line)?.[1];
    if (word !== undefined && cntlmKeywords.has(word.toLowerCase())) cntlm++;
    else if (/^[\s\uFEFF]*([\w."'-]+\s*=|\[\[|\[(proxy|identity|log|metrics|state)\b)/.test(line)) toml++;
  }
  return cntlm > toml ? "cntlm" : "toml";
}
