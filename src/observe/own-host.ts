import { isIP } from "node:net";

/**
 * The guard against DNS rebinding: a page of `evil.example` may make a browser ask this address, but the
 * browser then says `Host: evil.example`. Addresses, `localhost` and the given names pass; so does a request
 * without the field (HTTP/1.0), which no browser sends.
 */
export function isOwnHost(host: string | undefined, names: readonly string[]): boolean {
  if (host === undefined) return true;
  const match = /^(?:\[([0-9a-f:.]+)\]|([^[\]:\s]+))(?::\d{1,5})?$/i.exec(host);
  if (!match) return false;
  if (match[1] !== undefined) return isIP(match[1]) === 6;
  const name = plain(match[2]!);
  return isIP(name) === 4 || name === "localhost" || names.some((one) => one !== "" && plain(one) === name);
}

function plain(name: string): string {
  return name.toLowerCase().replace(/\.$/, "");
}
