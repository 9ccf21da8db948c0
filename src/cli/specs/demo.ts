import type { CommandSpec } from "../command.ts";

export const demoSpec: CommandSpec = {
  name: "demo",
  summary: "show the proxy at work in an embedded corporate network",
  description:
    "Starts a company's network in this process, on loopback: an NTLM proxy that checks the credentials it gets, a dead one before it in the list, and a server with TLS behind them. The real proxy is put in front, the clients that are present (curl, git, Node.js) send real requests through it, and a table tells what happened at each hop. On a terminal, or with --stay, it then stays up for your own requests; else it ends with 0, or with 1 when a request failed. Nothing is installed, and nothing leaves this host.",
  options: [
    { flags: "--stay", description: "stay up after the table, also when standard input is no terminal" },
    { flags: "--port <port>", description: "where the proxy listens on 127.0.0.1; default: a free port" },
    { flags: "--json", description: "print one JSON object" },
  ],
  examples: [
    { command: "sallyport demo", does: "shows it, and stays up for your own requests until Ctrl-C" },
    { command: "sallyport demo --port 3128 --stay", does: "the same, on a port that you know" },
    { command: "sallyport demo --json < /dev/null | jq .ok", does: "tells a script whether it all worked" },
  ],
  load: () => import("../demo.ts"),
};
