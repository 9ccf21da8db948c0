/** A proxy's address, taken apart as loosely as people write it. */
export interface LooseValue {
  /** Lower case; undefined when there is none before `://`. */
  readonly scheme: string | undefined;
  /** Before the last `@` of the authority. */
  readonly userinfo: string | undefined;
  /** Without brackets; may be empty. */
  readonly host: string;
  /** Digits, or undefined. */
  readonly port: string | undefined;
  /** From the first `/`, `?` or `#` on. */
  readonly rest: string;
}

/** Undefined when what stands for host and port is neither. */
export function readLoosely(value: string): LooseValue | undefined {
  const match = /^(?:([a-z][a-z\d+.-]*):\/\/)?([^/?#]*)([/?#].*)?$/is.exec(value);
  if (match === null) return undefined;
  const [, scheme, authority = "", rest = ""] = match;
  const at = authority.lastIndexOf("@");
  const hostPort = /^(\[[\da-f:.%\w]*\]|[^:[\]]*)(?::(\d*))?$/i.exec(authority.slice(at + 1));
  if (hostPort === null) return undefined;
  return {
    scheme: scheme?.toLowerCase(),
    userinfo: at === -1 ? undefined : authority.slice(0, at),
    host: hostPort[1]!.replace(/^\[(.*)\]$/, "$1"),
    port: hostPort[2] || undefined,
    rest,
  };
}

/** `http://host:port`. */
export function proxyUrl(scheme: string, host: string, port: string | number): string {
  return `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

export function isPort(digits: string): boolean {
  return /^\d{1,6}$/.test(digits) && Number(digits) <= 65535;
}

/** Percent signs that do not begin an escape. */
export function hasBadEscape(text: string): boolean {
  return /%(?![\da-f]{2})/i.test(text);
}

/** As decodeURIComponent judges it: bad escapes, and escapes that are no UTF-8. */
export function isUndecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return false;
  } catch {
    return true;
  }
}
