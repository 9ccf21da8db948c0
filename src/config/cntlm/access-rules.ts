import { isIPv4 } from "node:net";
import type { AccessRule } from "../settings.ts";
import { readWho } from "../values/access-who.ts";
import type { CntlmFile } from "./file.ts";

/**
 * `Allow` and `Deny` in the order of the file. cntlm's rules know IPv4 only and let every IPv6 client pass;
 * here a rule about everybody is about IPv6 too, and one about 127.0.0.1 is about ::1 too.
 */
export function readAccessRules(file: CntlmFile): AccessRule[] {
  return file.all("Allow", "Deny").flatMap((line): AccessRule[] => {
    const action = line.keyword.toLowerCase() === "allow" ? "allow" : "deny";
    if (/^(\*|0|0\/0|0\.0\.0\.0\/0)$/.test(line.value)) return [{ action, who: "*" }];
    const who = file.problems.take(file.place(line), readWho(line.value));
    if (who === undefined) return [];
    const loopback = isIPv4(who.split("/")[0]!) && who.startsWith("127.");
    return loopback
      ? [
          { action, who },
          { action, who: "::1" },
        ]
      : [{ action, who }];
  });
}
