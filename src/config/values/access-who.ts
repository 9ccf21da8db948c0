import { isIP } from "node:net";
import { parseNetwork } from "../../routing/addresses.ts";
import type { Reading, Wrong } from "../problem.ts";
import type { AccessRule } from "../settings.ts";

/** Those who may use the proxy when nobody is named: this host, and the containers on it. */
export const localClients: readonly AccessRule[] = ["127.0.0.0/8", "::1", "docker"].map((who) => ({
  action: "allow",
  who,
}));

/** Reads whom a rule is about: an address, a network (`10.0.0.0/8`), `docker`, `*`, or a host name. */
export function readWho(text: string): Reading<string> {
  if (text === "*" || text === "docker") return { value: text };
  if (/^\[.*\]$/.test(text)) return wrong(text, `write it without brackets: "${text.slice(1, -1)}"`);
  if (parseNetwork(text)) return { value: text };
  const [address = "", bits] = text.split("/");
  if (bits !== undefined && isIP(address))
    return wrong(text, `after the / stands a number of bits from 0 to ${isIP(address) === 4 ? 32 : 128}`);
  if (/^[\d.]+$/.test(address)) return wrong(text, "an IPv4 address is four numbers up to 255");
  if (/^[\p{L}\p{N}_]([\p{L}\p{N}_.-]*)$/u.test(text)) return { value: text };
  return wrong(text, 'write an address, a network ("10.0.0.0/8"), "docker", "*" or a host name');
}

function wrong(text: string, hint: string): Wrong {
  return { what: `"${text}" does not say who`, hint };
}
