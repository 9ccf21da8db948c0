import { UsageError } from "../../core/errors.ts";

/** What a request is for, read from its URL letter by letter: clients differ in what they make of a host's spelling. */
export interface Target {
  /** Lower case, without colon. */
  readonly scheme: string;
  /** As written, without brackets. */
  readonly host: string;
  /** An IPv6 literal. */
  readonly bracketed: boolean;
  /** Only when the URL names one. */
  readonly explicitPort: number | undefined;
  /** The one that is connected to. */
  readonly port: number;
  /** As the WHATWG URL standard has it: lower case, addresses in their usual form, IPv6 in brackets. */
  readonly whatwgHost: string;
}

/**
 * Takes a URL apart.
 * @throws UsageError when it has no scheme or no host
 */
export function readTarget(url: string): Target {
  const match = /^([a-z][a-z\d+.-]*):\/\/(?:[^/?#]*@)?(\[[^\]]*\]|[^/?#:[\]]+)(?::(\d*))?(?:[/?#]|$)/i.exec(
    url.trim(),
  );
  if (match === null || !URL.canParse(url))
    throw new UsageError(`"${withoutUserinfo(url)}" is not the URL of a request.`, {
      hint: "Write scheme and host, as in https://example.com or http://10.0.0.1:8080.",
    });
  const scheme = match[1]!.toLowerCase();
  const explicitPort = match[3] ? Number(match[3]) : undefined;
  return {
    scheme,
    host: match[2]!.replace(/^\[(.*)\]$/, "$1"),
    bracketed: match[2]!.startsWith("["),
    explicitPort,
    port: explicitPort ?? defaultPorts[scheme] ?? 0,
    whatwgHost: new URL(url).hostname,
  };
}

/** Host with brackets where it needs them, and the port only when the URL names one. */
export function hostAsWritten(target: Target): string {
  const host = target.bracketed ? `[${target.host}]` : target.host;
  return target.explicitPort === undefined ? host : `${host}:${target.explicitPort}`;
}

const defaultPorts: Record<string, number> = { http: 80, https: 443, ws: 80, wss: 443, ftp: 21 };

function withoutUserinfo(url: string): string {
  return url.replace(/[^/@]*@/, "***@");
}
