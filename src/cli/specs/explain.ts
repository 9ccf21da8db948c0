import type { CommandSpec } from "../command.ts";

export const explainSpec: CommandSpec = {
  name: "explain",
  summary: "say per client whether a URL goes to a proxy, and by which rule",
  description:
    "Decides for curl, git, wget, Go, Docker, Python, Node.js, npm, Ruby, Java, apt, the Actions runner and others what each would do with URL under the present proxy variables, and by which of its rules. Says where they disagree, and which spelling would make them agree. Nothing is connected to.",
  arguments: [{ name: "<url>", description: "of the request, as https://example.com" }],
  options: [
    { flags: "--json", description: "print one JSON object" },
    {
      flags: "--env-file <file>",
      description: "take the variables from a file of NAME=VALUE lines, not from the environment",
    },
    {
      flags: "--set <name=value>",
      description: "set one variable on top; may be repeated, and NAME= sets it empty",
      repeatable: true,
    },
  ],
  examples: [
    {
      command: "sallyport explain https://gitlab.corp.example",
      does: "shows who would ask the proxy for an internal host",
    },
    {
      command: "sallyport explain https://example.com --set no_proxy=*.example.com --json | jq .agree",
      does: "tries a spelling before it is written anywhere",
    },
  ],
  load: () => import("../explain.ts"),
};
