import type { Placed } from "../draft.ts";
import type { ListenAddress } from "../settings.ts";
import { readListen } from "../values/listen.ts";
import type { CntlmFile } from "./file.ts";

/**
 * Where to listen. A port alone is loopback, both families where the host has both; with `Gateway yes` it is
 * all addresses; a `-g` of the command line is about the `-l` after it. Sallyport's own forms (an interface, a Unix socket) are understood as well.
 * @param elsewhere true when the command line says where to listen
 */
export function readListeners(
  file: CntlmFile,
  elsewhere: boolean,
  hasIpv6: boolean,
): Placed<ListenAddress>[] {
  const lines = file.all("Listen");
  if (lines.length === 0 && !elsewhere)
    file.problems.error(
      file.place({}),
      "no Listen says where the proxy is to be reached",
      "add a line: Listen 3128",
    );
  const gateway = file.isYes("Gateway");
  return lines.flatMap((line) => {
    const place = file.place(line);
    if (/^\d+$/.test(line.value) && Number(line.value) <= 65535) {
      const port = Number(line.value);
      const hosts = (line.gateway ?? gateway) ? [""] : hasIpv6 ? ["127.0.0.1", "::1"] : ["127.0.0.1"];
      return hosts.map((host) => ({ value: { kind: "address" as const, host, port }, place }));
    }
    const value = file.problems.take(place, readListen(line.value));
    return value ? [{ value, place }] : [];
  });
}
