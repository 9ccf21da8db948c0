import type { CommandSpec } from "../command.ts";

export const proxySpec: CommandSpec = {
  name: "proxy",
  summary: "run the proxy in the foreground",
  description:
    "Takes requests from the tools and containers of this host and passes them to the company's proxy, signed in. FILE is sallyport.toml or an existing cntlm.conf, told apart by content; without -c it is /etc/sallyport/sallyport.toml when that is there. Options stand over the file. SIGHUP reads the file again, SIGTERM stops gracefully.",
  options: [
    { flags: "-c, --config <file>", description: "sallyport.toml or cntlm.conf" },
    {
      flags: "--listen <address>",
      description:
        "where clients reach the proxy: 127.0.0.1:3128, docker0:3128 (an interface), unix:/path; may be repeated",
      repeatable: true,
    },
    {
      flags: "--parent <url>",
      description:
        "the company's proxy, http://host:port, without name and password; may be repeated, in order of preference",
      repeatable: true,
    },
    { flags: "-u, --username <name>", description: "the account that signs in" },
    { flags: "-d, --domain <name>", description: "its domain" },
    { flags: "--password-file <file>", description: "a file with its password, mode 600" },
    { flags: "--auth <scheme>", description: "auto, ntlm or basic" },
    { flags: "--no-proxy <list>", description: "what goes direct, as localhost,.corp.example,10.0.0.0/8" },
    { flags: "--gateway", description: "let --listen name all addresses of this host (:3128)" },
    {
      flags: "--allow <who>",
      description: "who may use the proxy: an address, a network, docker, a name, *; may be repeated",
      repeatable: true,
    },
    { flags: "--deny <who>", description: "who may not; may be repeated", repeatable: true },
    {
      flags: "--log-level <level>",
      description: "what is logged",
      choices: ["debug", "info", "warn", "error"],
    },
    { flags: "--log-format <format>", description: "how it is logged", choices: ["auto", "json", "pretty"] },
    { flags: "--access-log", description: "log every request" },
    { flags: "--metrics <address>", description: "where /metrics and /healthz are served" },
    { flags: "--state-directory <folder>", description: "where the count of refused sign-ins is kept" },
    {
      flags: "--probe <how>",
      description: "how spare connections sign in ahead of need: trace, off or an http:// URL",
    },
    {
      flags: "--cntlm-hashes <version>",
      description:
        "which cntlm wrote the hashes of a cntlm.conf, when nothing in it proves that: 0.92 or 0.94",
    },
  ],
  examples: [
    { command: "sallyport proxy -c /etc/cntlm.conf", does: "runs on what cntlm ran on" },
    {
      command:
        "sallyport proxy --parent http://10.0.0.41:8080 --username testuser --domain corp-uk --password-file /etc/sallyport/password",
      does: "needs no configuration file",
    },
    {
      command: "sallyport proxy --listen docker0:3128 --listen 127.0.0.1:3128",
      does: "serves containers as well, before and after Docker starts",
    },
  ],
  load: () => import("../proxy.ts"),
};
