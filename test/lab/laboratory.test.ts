// Is the laboratory itself as the other tests suppose it to be? Real clients, no Sallyport.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
  accounts,
  cntlmUrl,
  curl,
  engineWithProxy,
  failedLogons,
  paths,
  run,
  squidPorts,
  squidUrl,
  watchSquid,
} from "./laboratory.ts";

const plain = "http://origin.corp.test/";
const tls = "https://origin.corp.test/";
const ntlm = ["--proxy-ntlm", "--proxy-user"];
const negotiate = ["--proxy-negotiate", "--proxy-user", ":"];
const right = `testuser:${accounts.testuser}`;

/** [what, proxy, how to sign in, URL, status, status of CONNECT] */
type Row = readonly [string, string, readonly string[], string, number, number];

const rows: readonly Row[] = [
  ["the open proxy fetches", squidUrl("open"), [], plain, 200, 0],
  ["the open proxy tunnels", squidUrl("open"), [], tls, 200, 200],
  ["the NTLM proxy lets in who signs in", squidUrl("ntlm"), [...ntlm, `CORP\\${right}`], plain, 200, 0],
  ["the NTLM proxy tunnels", squidUrl("ntlm"), [...ntlm, `CORP\\${right}`], tls, 200, 200],
  [
    "the NTLM proxy refuses a wrong password",
    squidUrl("ntlm"),
    [...ntlm, "CORP\\testuser:no"],
    plain,
    407,
    0,
  ],
  ["the NTLM proxy refuses it a tunnel", squidUrl("ntlm"), [...ntlm, "CORP\\testuser:no"], tls, 0, 407],
  ["the NTLM proxy refuses nobody in particular", squidUrl("ntlm"), [], plain, 407, 0],
  ["the NTLMv1 domain lets in", squidUrl("legacy"), [...ntlm, `LEGACY\\${right}`], plain, 200, 0],
  [
    "the Kerberos proxy wants a ticket",
    squidUrl("kerb", "proxy.corp.test"),
    ["--proxy-negotiate", "-U", ":"],
    plain,
    407,
    0,
  ],
  ["the Basic proxy lets in", squidUrl("basic"), ["--proxy-user", right], plain, 200, 0],
  ["the Basic proxy tunnels", squidUrl("basic"), ["--proxy-user", right], tls, 200, 200],
  [
    "the Basic proxy refuses a wrong password",
    squidUrl("basic"),
    ["--proxy-user", "testuser:no"],
    plain,
    407,
    0,
  ],
  ["the Digest proxy lets in", squidUrl("digest"), ["--proxy-digest", "--proxy-user", right], plain, 200, 0],
  ["the Digest proxy tunnels", squidUrl("digest"), ["--proxy-digest", "--proxy-user", right], tls, 200, 200],
  [
    "the Digest proxy refuses a wrong password",
    squidUrl("digest"),
    ["--proxy-digest", "-U", "testuser:no"],
    plain,
    407,
    0,
  ],
  ["the proxy with three schemes takes NTLM", squidUrl("multi"), [...ntlm, `CORP\\${right}`], plain, 200, 0],
  [
    "the proxy with three schemes takes Basic",
    squidUrl("multi"),
    ["--proxy-basic", "-U", right],
    plain,
    200,
    0,
  ],
  ["cntlm fetches", cntlmUrl, [], plain, 200, 0],
  ["cntlm tunnels", cntlmUrl, [], tls, 200, 200],
  ["the far machine answers through a proxy", squidUrl("open"), [], "https://far.corp.test/", 200, 200],
];

for (const [what, proxy, signIn, url, status, connect] of rows) {
  test(what, async () => {
    const got = await curl("--proxy", proxy, ...signIn, url);
    assert.deepEqual([got.status, got.connect], [status, connect], got.stderr);
  });
}

test("Kerberos tickets open the Kerberos proxy and the one with three schemes", async (t) => {
  const folder = temporaryFolder(t);
  const env = { KRB5CCNAME: `FILE:${join(folder, "tickets")}` };
  const ticket = await run("kinit", ["testuser@CORP.TEST"], { env, input: `${accounts.testuser}\n` });
  assert.equal(ticket.code, 0, ticket.stderr);
  for (const proxy of [squidUrl("kerb", "proxy.corp.test"), squidUrl("multi", "nego.corp.test")]) {
    const got = await run("curl", ["-sS", "--proxy", proxy, ...negotiate, tls], { env });
    assert.equal(got.stdout, "hello from origin\n", `${proxy}: ${got.stderr}`);
  }
});

test("names and passwords outside ASCII open the NTLM proxy", async () => {
  const client = join(paths.root, "lab/corp/ntlm-client.py");
  for (const user of ["uniuser", "jürgen"] as const) {
    const got = await run(client, [`127.0.0.1:${squidPorts.ntlm}`, "CORP", user, accounts[user]]);
    assert.match(got.stdout, /200 OK/, got.stdout + got.stderr);
  }
});

test("one wrong password is one failed logon at the domain controller", async () => {
  const before = await failedLogons();
  await curl("--proxy", squidUrl("ntlm"), ...ntlm, "CORP\\testuser:no", plain);
  assert.equal((await failedLogons()) - before, 1);
});

test("the access log shows curl's NTLM logon as one connection and one refusal", async () => {
  const log = watchSquid("ntlm");
  await curl("--proxy", squidUrl("ntlm"), ...ntlm, `CORP\\${right}`, tls);
  const lines = await log.until((seen) => seen.some((line) => line.result === "TCP_TUNNEL"));
  assert.deepEqual([log.connections(), log.refusals()], [1, 1]);
  assert.equal(lines.at(-1)?.url, "origin.corp.test:443");
  assert.match(lines.at(-1)?.user ?? "", /testuser$/);
});

test("git clones and pushes through the Basic proxy", async (t) => {
  const folder = temporaryFolder(t);
  const proxy = `http.proxy=http://${right}@127.0.0.1:${squidPorts.basic}`;
  const git = async (...args: string[]) => {
    const ran = await run("git", [
      "-c",
      proxy,
      "-c",
      "user.name=Lab",
      "-c",
      "user.email=lab@corp.test",
      ...args,
    ]);
    assert.equal(ran.code, 0, ran.stderr);
  };
  const log = watchSquid("basic");
  await git("clone", "--quiet", "https://git.corp.test/hello.git", folder);
  assert.equal(readFileSync(join(folder, "README"), "utf8"), "hello from git.corp.test\n");
  await git("-C", folder, "commit", "--quiet", "--allow-empty", "-m", "Say more");
  await git("-C", folder, "push", "--quiet", "--force", "origin", "HEAD:refs/heads/pushed");
  assert.ok((await log.until((lines) => lines.length > 1)).some((line) => line.url === "git.corp.test:443"));
});

test("the registry answers, and finds by the search that docker uses", async () => {
  const through = ["--proxy", squidUrl("open")];
  const catalog = await curl(...through, "https://registry.corp.test/v2/_catalog");
  assert.match(catalog.body, /"busybox"/);
  const found = await curl(...through, "https://registry.corp.test/v1/search?q=busybox&n=25");
  assert.match(found.body, /"num_results":1/);
});

test("docker pulls and searches through the daemon's proxy, though the registry's name means loopback", async (t) => {
  await engineWithProxy(`http://${right}@127.0.0.1:${squidPorts.basic}`);
  t.after(() => engineWithProxy());
  const image = "registry.corp.test/busybox";
  await run("docker", ["rmi", image]);
  const log = watchSquid("basic");
  const pulled = await run("docker", ["pull", image]);
  assert.match(pulled.stdout, /Downloaded newer image/, pulled.stderr);
  assert.ok(
    (await log.until((lines) => lines.length > 0)).every((line) => line.url === "registry.corp.test:443"),
  );
  assert.ok(log.connections() > 0);
  const found = await run("docker", ["search", image]);
  assert.match(found.stdout, /Debian busybox/, found.stderr);
});

test("a container reaches the company's proxies and nothing beyond this machine by itself", async () => {
  const inside = async (...args: string[]) =>
    await run("docker", [
      "run",
      "--rm",
      "--pull=never",
      "debian:bookworm",
      "curl",
      "-sS",
      "-m",
      "5",
      ...args,
    ]);
  const through = await inside("--proxy", squidUrl("open", "10.77.3.1"), "http://far.corp.test/");
  assert.equal(through.stdout, "hello from origin\n", through.stderr);
  const alone = await inside("http://10.77.3.2/");
  assert.equal(alone.code, 7, alone.stdout);
});

function temporaryFolder(t: { after(clean: () => void): void }): string {
  const folder = mkdtempSync(join(tmpdir(), "lab-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
