import { parseAddress } from "../routing/addresses.ts";
import type { Interfaces } from "./interfaces.ts";

/**
 * Whether a connection to that address and port would come to one of the given listeners, those on all addresses
 * included. A name is never one: it is judged when it is resolved.
 * @param listening as `Listeners.addresses()` tells them
 */
export function isOwnListener(
  listening: readonly string[],
  host: string,
  port: number,
  interfaces: Interfaces,
): boolean {
  const address = parseAddress(host);
  if (address === undefined) return false;
  return listening.some((text) => {
    const parts = /^(?:\[(.*)\]|([^:]*)):(\d+)$/.exec(text);
    if (Number(parts?.[3]) !== port) return false;
    const own = parseAddress(parts?.[1] ?? parts?.[2] ?? "");
    if (own === undefined) return false;
    return (
      own.text === address.text || (/^(::|0\.0\.0\.0)$/.test(own.text) && interfaces.isOwnAddress(address))
    );
  });
}
