import type { CommandSpec } from "../command.ts";

export const hashSpec: CommandSpec = {
  name: "hash",
  summary: "make from a password what a configuration holds in its place",
  description:
    "Asks for a password without showing it, or reads the first line of standard input, and prints the lines " +
    "for sallyport.toml (or, with --cntlm, for cntlm.conf). A hash is as good as the password to whoever reads it.",
  options: [
    { flags: "-u, --username <name>", description: "the account, for a hash that is good for it alone" },
    { flags: "-d, --domain <name>", description: "its domain, exactly as sallyport.toml will have it" },
    {
      flags: "--password-file <file>",
      description: "read the password from a file that only its owner can read",
    },
    {
      flags: "--cntlm [version]",
      description: "print cntlm's three lines, for 0.92 (what distributions ship, the default) or 0.94",
      choices: ["0.92", "0.94"],
    },
  ],
  examples: [
    { command: "sallyport hash", does: "ask for the password and print nt_hash" },
    {
      command: "sallyport hash --username testuser --domain CORP",
      does: "also print ntlmv2_hash, which is good for this user and domain only",
    },
    {
      command: "sallyport hash --cntlm -u testuser -d CORP < password.txt",
      does: "print PassLM, PassNT and PassNTLMv2 as cntlm -H does",
    },
  ],
  load: () => import("../hash.ts"),
};
