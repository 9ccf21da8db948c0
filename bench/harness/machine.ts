import { cpus, release, totalmem } from "node:os";
import { run } from "../../test/lab/laboratory.ts";

/** What the numbers depend on, as table rows. */
export async function describeMachine(): Promise<Readonly<Record<string, string>>> {
  const said = async (command: string, args: readonly string[], pattern: RegExp) => {
    const ran = await run(command, args).catch(() => undefined);
    return pattern.exec(`${ran?.stdout}${ran?.stderr}`)?.[1] ?? "absent";
  };
  return {
    processors: `${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown"}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    Linux: release().split("-")[0]!,
    "Node.js": process.versions.node,
    Squid: await said("squid", ["-v"], /Version (\S+)/),
    cntlm: await said("dpkg-query", ["-W", "cntlm"], /cntlm\s+([\d.]+)/),
    Samba: await said("samba", ["--version"], /Version ([\d.]+)/),
    wrk: await said("wrk", ["-v"], /wrk (?:debian\/)?([\d.]+)/),
  };
}
