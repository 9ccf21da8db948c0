import { getVariable, type Variables } from "./clients/variables.ts";

/** Normalised variables as the files and programs take them that set them. Each ends in a line break. */
export const targets = {
  shell: asShell,
  systemd: asSystemd,
  docker: asDockerConfig,
  dotenv: asDotenv,
  json: asJson,
  "gitlab-ci": asGitlabCi,
} as const satisfies Record<string, (variables: Variables) => string>;

export type VariablesTarget = keyof typeof targets;

/** For `eval "$(sallyport env)"` and /etc/profile.d: any POSIX shell. */
function asShell(variables: Variables): string {
  return variables.map(([name, value]) => `export ${name}=${shellQuoted(value)}\n`).join("");
}

/** A drop-in. systemd expands specifiers in `Environment=`, so that % is doubled (systemd.unit(5), "Specifiers"). */
function asSystemd(variables: Variables): string {
  const lines = variables.map(([name, value]) => {
    const quoted = value.replace(/["\\]/g, "\\$&").replaceAll("%", "%%");
    return `Environment="${name}=${quoted}"\n`;
  });
  return `[Service]\n${lines.join("")}`;
}

/** ~/.docker/config.json: what Docker's client sets in containers and builds, in both cases. Not for the daemon. */
function asDockerConfig(variables: Variables): string {
  const proxies = {
    httpProxy: getVariable(variables, "http_proxy"),
    httpsProxy: getVariable(variables, "https_proxy"),
    noProxy: getVariable(variables, "no_proxy"),
  };
  return `${JSON.stringify({ proxies: { default: proxies } }, null, 2)}\n`;
}

/** `docker run --env-file`, the Actions runner's .env, GitLab's dotenv reports: they take what stands there, quotes included. */
function asDotenv(variables: Variables): string {
  return variables.map(([name, value]) => `${name}=${value}\n`).join("");
}

function asJson(variables: Variables): string {
  return `${JSON.stringify(Object.fromEntries(variables), null, 2)}\n`;
}

/** For a .gitlab-ci.yml, where nobody can change the runner. In a literal block YAML leaves every character alone. */
function asGitlabCi(variables: Variables): string {
  const lines = asShell(variables).trimEnd().split("\n");
  return `default:\n  before_script:\n    - |\n${lines.map((line) => `      ${line}\n`).join("")}`;
}

/** In single quotes nothing is special but the quote itself (POSIX, 2.2.2). */
function shellQuoted(value: string): string {
  return `'${value.replaceAll("'", "'\\''")}'`;
}
