import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { ntHash, ntlmv2Hash } from "../src/auth/ntlm/hashes.ts";
import { Secret } from "../src/core/secret.ts";
import { startDemoParent } from "../src/demo/parent.ts";
import type { DemoParentOptions } from "../src/demo/parent-options.ts";
import { temporaryFolder } from "./parents/identity.ts";
import { until } from "./parents/parent-at.ts";
import { Client } from "./proxy/client.ts";
import { placeOf, startOrigin } from "./proxy/stage.ts";

// The program as a process of its own, with secrets that are nowhere else in the world: none may come out again.

const password = "Cän4ry#7%pass-Q9";
const clientPassword = "cl13nt/C4nary+pw";
const urlPassword = "u5erinfo&C4nary=";
const nt = ntHash(password);
const v2 = ntlmv2Hash(nt, "testuser", "CORP");
const main = fileURLToPath(new URL("../src/cli/main.ts", import.meta.url));

/** Every form in which a secret could come out, with a name for it. */
function forms(): [string, string][] {
  const found: [string, string][] = [];
  const add = (name: string, bytes: Buffer) => {
    found.push([`${name} in hex`, bytes.toString("hex")]);
    // In base64 a text looks different at each of three places in a longer one: its middle is compared.
    for (let shift = 0; shift < 3; shift++) {
      const shifted = Buffer.concat([Buffer.alloc(shift, "x"), bytes]).toString("base64");
      const whole = shifted.slice(shift === 0 ? 0 : 4, Math.floor((bytes.length + shift) / 3) * 4);
      found.push(
        [`${name} in base64`, whole],
        [`${name} in base64url`, whole.replace(/\+/g, "-").replace(/\//g, "_")],
      );
    }
  };
  for (const [name, text] of Object.entries({ password, clientPassword, urlPassword })) {
    found.push([name, text], [`${name}, percent-encoded`, encodeURIComponent(text)]);
    found.push([`${name} in JSON`, JSON.stringify(text).slice(1, -1)]);
    add(name, Buffer.from(text));
    add(`${name} in UTF-16`, Buffer.from(text, "utf16le"));
  }
  add("NT hash", Buffer.from(nt));
  add("NTLMv2 hash", Buffer.from(v2));
  return found;
}

function assertClean(where: string, text: string, except: readonly string[] = []): void {
  for (const [name, form] of forms())
    if (!except.some((one) => name.startsWith(one)))
      assert.ok(!text.toLowerCase().includes(form.toLowerCase()), `${name} is in ${where}:\n${text}`);
}

interface Run {
  readonly child: ChildProcess;
  readonly out: () => string;
  /** @returns the exit code */
  end(): Promise<number | null>;
}

/** Starts a command; its output is read, and its command line and environment are looked at while it runs. */
function start(
  t: TestContext,
  args: readonly string[],
  options: { stdin?: string; env?: Record<string, string>; given?: boolean } = {},
): Run {
  const child = spawn(process.execPath, ["--import", "tsx", main, ...args], {
    stdio: "pipe",
    env: { PATH: process.env.PATH ?? "", NODE_ENV: "test", ...options.env },
  });
  t.after(() => child.kill("SIGKILL"));
  let out = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (chunk) => {
      out += chunk;
    });
  const closed = once(child, "close");
  child.stdin.on("error", () => {});
  child.stdin.end(options.stdin ?? "");
  const seen = options.given ? "" : lookAt(child.pid!);
  return {
    child,
    out: () => out,
    async end() {
      const [code] = await closed;
      assertClean(`the command line and environment of ${args.join(" ")}`, seen);
      return code;
    },
  };
}

function lookAt(pid: number): string {
  try {
    return ["cmdline", "environ"].map((name) => readFileSync(`/proc/${pid}/${name}`, "utf8")).join("\n");
  } catch {
    return "";
  }
}

function everyFile(folder: string): string {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => `${path}\n${readFileSync(path, "latin1")}`)
    .join("\n");
}

async function network(t: TestContext, options: DemoParentOptions = {}) {
  const users = new Map([["testuser", new Secret(password)]]);
  const parent = await startDemoParent({ users, ...options });
  t.after(() => parent.stop());
  const folder = temporaryFolder(t);
  const write = (name: string, text: string, mode = 0o600) => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode });
    return path;
  };
  return { parent, folder, state: join(folder, "state"), origin: await startOrigin(t), write };
}

/** Runs the proxy, sends what a day brings, and stops it. */
async function useProxy(
  t: TestContext,
  place: Awaited<ReturnType<typeof network>>,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<string> {
  const run = start(
    t,
    [
      "proxy",
      "--listen",
      "127.0.0.1:0",
      "--metrics",
      "127.0.0.1:0",
      "--log-level",
      "debug",
      "--access-log",
      "--state-directory",
      place.state,
      ...args,
    ],
    { env, given: Object.keys(env).length > 0 },
  );
  const address = async (what: string): Promise<string> => {
    const pattern = new RegExp(`${what}.{0,80}?(127\\.0\\.0\\.1:[1-9]\\d*)`, "s");
    await until(() => pattern.test(run.out()) || run.child.exitCode !== null);
    const found = pattern.exec(run.out().replace(/\x1b\[\d*m/g, ""))?.[1];
    assert.ok(found, run.out());
    return found;
  };
  const at = placeOf(await address("listening"));
  const metrics = await address("metrics");
  const basic = (text: string) => `Proxy-Authorization: Basic ${Buffer.from(text).toString("base64")}`;
  const signedIn = [basic(`ci:${clientPassword}`)];
  const { url, authority } = place.origin;
  const answers: string[] = [];
  const requests: [string, string[]][] = [
    [`GET ${url}/?token=${encodeURIComponent(urlPassword)}`, signedIn],
    [`GET http://user:${encodeURIComponent(urlPassword)}@${authority}/`, signedIn],
    [`GET http://user:${encodeURIComponent(urlPassword)}@nowhere.example/`, signedIn],
    [`GET http://user:${encodeURIComponent(urlPassword)}@${authority}:bad/`, signedIn],
    [`GET ftp://user:${encodeURIComponent(urlPassword)}@${authority}/`, signedIn],
    [`CONNECT user:${encodeURIComponent(urlPassword)}@${authority}`, signedIn],
    [`CONNECT nowhere.example:443`, signedIn],
    [`GET ${url}/`, [basic(`ci:${urlPassword}`)]],
    [`TRACE ${url}/`, ["Max-Forwards: 0", `Authorization: Basic ${urlPassword}`, ...signedIn]],
    [`GET ${url}/ HTTP/9.9`, signedIn],
  ];
  for (const [line, fields] of requests) {
    const client = await Client.open(t, at);
    const { head, body } = await client.request(line, fields);
    client.socket.destroy();
    // The origin's own answer says back what it was asked.
    if (!body.startsWith("GET /")) answers.push(`${head}\n${body}`);
  }
  const tunnel = await Client.open(t, at);
  await tunnel.tunnel(authority, signedIn).catch(() => {});
  tunnel.socket.destroy();
  run.child.kill("SIGHUP");
  await until(() => /reload(ed| failed)/.test(run.out()));
  const page = await (await fetch(`http://${metrics}/metrics`)).text();
  run.child.kill("SIGTERM");
  assert.equal(await run.end(), 0, run.out());
  assertClean("the answers", answers.join("\n"));
  assertClean("the metrics", page);
  assertClean("the state", everyFile(place.state));
  assertClean("the log", run.out());
  return run.out();
}

function config(place: Awaited<ReturnType<typeof network>>, identity: string): string {
  return [
    `[[proxy.parent]]\nurl = "${place.parent.url}"`,
    `[[proxy.client]]\nusername = "ci"\npassword_file = "${place.write("client", clientPassword)}"`,
    `[identity]\nusername = "testuser"\ndomain = "CORP"\n${identity}`,
  ].join("\n");
}

test("the proxy on a good password: nothing of it in log, answers, metrics, state, command line or environment", async (t) => {
  const kinds = [
    ["json", "ntlm"],
    ["pretty", "basic"],
  ] as const;
  await Promise.all(
    kinds.map(async ([format, auth]) => {
      const place = await network(t, { auth });
      const identity = `password_file = "${place.write("password", password)}"`;
      const file = place.write("c.toml", config(place, identity));
      const log = await useProxy(t, place, ["-c", file, "--log-format", format]);
      assert.match(log, /logon accepted/);
      assert.equal(place.parent.counters.logonsRefused, 0);
    }),
  );
});

test("the proxy on a refused password, and on hashes", async (t) => {
  const other = new Map([["testuser", new Secret("another one")]]);
  const identities: [DemoParentOptions, string][] = [
    [{ users: other }, `password = "${password}"`],
    [{}, `nt_hash = "${Buffer.from(nt).toString("hex")}"`],
    [{ users: other }, `ntlmv2_hash = "${Buffer.from(v2).toString("hex")}"`],
  ];
  await Promise.all(
    identities.map(async ([options, identity]) => {
      const place = await network(t, options);
      const log = await useProxy(t, place, [
        "-c",
        place.write("c.toml", config(place, identity)),
        "--log-format",
        "json",
      ]);
      assert.match(log, options.users ? /logon refused/ : /logon accepted/);
    }),
  );
});

test("the proxy on a parent of the environment's variables, whose password stands in them", async (t) => {
  const place = await network(t);
  const url = `http://CORP%5Ctestuser:${encodeURIComponent(password)}@${place.parent.address}`;
  const file = place.write(
    "c.toml",
    `[[proxy.client]]\nusername = "ci"\npassword_file = "${place.write("client", clientPassword)}"`,
  );
  const env = { http_proxy: url, https_proxy: url, HTTP_PROXY: `${url}/other` };
  await useProxy(t, place, ["-c", file, "--log-format", "json"], env);
  assert.ok(place.parent.counters.logonsAccepted > 0);
});

test("detect and check, on what is right and on what is wrong", async (t) => {
  const place = await network(t);
  const refusing = await network(t, { users: new Map([["testuser", new Secret("another one")]]) });
  const good = place.write("good.toml", config(place, `password = "${password}"`));
  const wrong = refusing.write("wrong.toml", config(refusing, `password = "${password}"`));
  const broken = place.write(
    "broken.toml",
    `[[proxy.parent]]\nurl = "http://user:${encodeURIComponent(urlPassword)}@p:8080"\n[identity]\npasword = "${password}"\nnt_hash = "${password}"\nntlmv2_hash = "${Buffer.from(v2).toString("hex")}00"\nusername = "x:${clientPassword}`,
  );
  const open = place.write(
    "open.toml",
    config(place, `password_file = "${place.write("open", password, 0o644)}"`),
    0o644,
  );
  const cntlm = place.write(
    "cntlm.conf",
    `Username testuser\nDomain CORP\nPassword ${password}\nPassNTLMv2 ${Buffer.from(v2).toString("hex")}\nProxy user:${urlPassword}@127.0.0.1:${place.parent.port}\nBogus ${clientPassword}\nListen 127.0.0.1:0\n`,
  );
  const runs: [string[], Parameters<typeof start>[2]?][] = [
    [["detect", "-c", good, place.origin.url]],
    [["detect", "--json", "-c", wrong, place.origin.url]],
    [
      ["detect", "--parent", place.parent.url, "-u", "testuser", "-d", "CORP", place.origin.url],
      { stdin: `${password}\n` },
    ],
    [["detect", "--debug", "-c", broken]],
    [["check", "-c", good]],
    [["check", "--debug", "-c", broken]],
    [["check", "-c", open]],
    [["check", "-c", cntlm]],
    [["proxy", "--debug", "-c", broken]],
    [["proxy", "--debug", "-c", cntlm]],
    [["proxy", "--parent", `http://user:${encodeURIComponent(urlPassword)}@p:8080`], { given: true }],
    [["hash", "--password-file", place.write("longer", `${password}\n${clientPassword}\n`, 0o644)]],
  ];
  await Promise.all(
    runs.map(async ([args, options]) => {
      const run = start(
        t,
        [
          ...args,
          ...(args[0] === "check" || args[0] === "hash"
            ? []
            : ["--state-directory", args.includes(wrong) ? refusing.state : place.state]),
        ],
        options,
      );
      const limit = setTimeout(() => run.child.kill(), 8000);
      await run.end();
      clearTimeout(limit);
      assert.ok(run.out().length > 0, args.join(" "));
      assertClean(args.join(" "), run.out());
    }),
  );
  for (const { state } of [place, refusing]) assertClean("the state", everyFile(state));
  assert.ok(refusing.parent.counters.logonsRefused <= 1);
});

test("hash prints the hashes that it is asked for, and never the password", async (t) => {
  const run = start(t, ["hash", "-u", "testuser", "-d", "CORP"], { stdin: `${password}\n` });
  assert.equal(await run.end(), 0);
  assert.ok(run.out().includes(Buffer.from(nt).toString("hex")));
  assertClean("the output", run.out(), ["NT hash", "NTLMv2 hash"]);
  const cntlm = start(t, ["hash", "--cntlm", "-u", "testuser", "-d", "CORP"], { stdin: `${password}\n` });
  assert.equal(await cntlm.end(), 0);
  assertClean("the output", cntlm.out(), ["NT hash", "NTLMv2 hash"]);
});
