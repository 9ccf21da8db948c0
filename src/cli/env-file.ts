import { ConfigError } from "../core/errors.ts";
import type { Variable } from "../routing/clients/variables.ts";

/**
 * Reads lines of NAME=VALUE, as in /etc/environment, a dotenv file or the output of `env`: empty lines and comments are
 * passed over, `export` and quotes around the value are taken away, the last line of a name counts.
 * @throws ConfigError with the line that is none of these
 */
export function parseEnvFile(text: string, path: string): Variable[] {
  const found = new Map<string, string>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    const match = /^\s*(?:export\s+)?([A-Za-z_]\w*)=(.*?)\s*$/.exec(line);
    if (match === null)
      throw new ConfigError(`${path}:${index + 1}: this line is not NAME=VALUE.`, {
        hint: "Write one variable a line, as http_proxy=http://127.0.0.1:3128",
      });
    found.delete(match[1]!);
    found.set(match[1]!, unquoted(match[2]!));
  }
  return [...found];
}

function unquoted(value: string): string {
  const quoted = /^(["'])(.*)\1$/.exec(value);
  return quoted ? quoted[2]! : value;
}
