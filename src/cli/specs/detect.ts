import type { CommandSpec } from "../command.ts";
import { proxySpec } from "./proxy.ts";

const shared = [
  "-c,",
  "--parent",
  "-u,",
  "-d,",
  "--password-file",
  "--auth",
  "--state-directory",
  "--cntlm-hashes",
];

export const detectSpec: CommandSpec = {
  name: "detect",
  summary: "find out what the company's proxy offers and accepts",
  description:
    "Asks each parent what it offers, signs in once with the strongest scheme that Sallyport knows, and prints the lines for sallyport.toml. It never spends more than one failed logon, and none at all when the credential was refused twice before. Without a configuration, give --parent and --username; the password is asked for, or read from --password-file.",
  arguments: [
    { name: "[url]", description: "what to fetch through the parent; default http://example.com/" },
  ],
  options: [
    ...proxySpec.options.filter((option) => shared.some((flag) => option.flags.startsWith(flag))),
    {
      flags: "--again",
      description:
        "try the credential once more although it was refused before: after the account was unlocked, for example",
    },
    { flags: "--json", description: "print one JSON object" },
  ],
  examples: [
    {
      command: "sallyport detect --parent http://10.0.0.41:8080 --username testuser --domain CORP",
      does: "asks for the password and tries it once",
    },
    {
      command: "sallyport detect -c /etc/cntlm.conf http://intranet.corp.example/",
      does: "tries what cntlm ran on",
    },
  ],
  load: () => import("../detect.ts"),
};
