import type { CommandSpec } from "../command.ts";

export const envSpec: CommandSpec = {
  name: "env",
  summary: "print proxy variables that mean the same to every client",
  description:
    "Prints http_proxy, https_proxy and no_proxy in both cases, with a scheme and a port, names as name,.name, and with loopback, metadata addresses and docker-in-docker's names in no_proxy. The proxy is --proxy, else the first listener of sallyport.toml, else what the environment names. A value that some client would refuse is an error; an entry that some do not understand is a warning that names them.",
  options: [
    { flags: "--shell", description: "export lines for a POSIX shell (the default)" },
    { flags: "--systemd", description: "a drop-in for a service, with % doubled" },
    { flags: "--docker", description: "~/.docker/config.json, for containers and builds" },
    {
      flags: "--dotenv",
      description: "NAME=VALUE lines without quotes, as docker run --env-file takes them",
    },
    { flags: "--json", description: "one JSON object" },
    {
      flags: "--gitlab-ci",
      description: "a before_script for .gitlab-ci.yml, where nobody can change the runner",
    },
    { flags: "--proxy <url>", description: "the proxy, without name and password" },
    { flags: "--no-proxy <list>", description: "what goes direct besides, as .corp.example,10.1.2.3" },
    { flags: "-c, --config <file>", description: "sallyport.toml; default /etc/sallyport/sallyport.toml" },
    {
      flags: "--with-password",
      description: "print a password that the environment's proxy holds; without it that is an error",
    },
  ],
  examples: [
    { command: 'eval "$(sallyport env)"', does: "sets them in this shell" },
    {
      command:
        "sallyport env --systemd --proxy http://127.0.0.1:3128 --no-proxy .corp.example > /etc/systemd/system/docker.service.d/http-proxy.conf",
      does: "writes the Docker daemon's drop-in (sallyport setup does that and more, and can undo it)",
    },
  ],
  load: () => import("../env.ts"),
};
