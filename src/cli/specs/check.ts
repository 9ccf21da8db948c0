import type { CommandSpec } from "../command.ts";

export const checkSpec: CommandSpec = {
  name: "check",
  summary: "report every mistake in a configuration",
  description:
    "Reads sallyport.toml or cntlm.conf as the proxy would, password files included, and reports each mistake with its line, what is wrong and what would be right. Nothing is connected to. Exit status 0 when the proxy would start on it, 1 when not.",
  arguments: [{ name: "[file]", description: "the file; the same as --config" }],
  options: [
    { flags: "-c, --config <file>", description: "the file; default /etc/sallyport/sallyport.toml" },
    { flags: "--json", description: "print one JSON object" },
    {
      flags: "--cntlm-hashes <version>",
      description:
        "which cntlm wrote the hashes of a cntlm.conf, when nothing in it proves that: 0.92 or 0.94",
    },
  ],
  examples: [
    { command: "sallyport check -c /etc/cntlm.conf", does: "says what the switch from cntlm changes" },
    { command: "sallyport check --json | jq .problems", does: "lists the mistakes for a script" },
  ],
  load: () => import("../check.ts"),
};
