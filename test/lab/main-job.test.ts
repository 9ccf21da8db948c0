/** The product's main job, on real components: tools reach the world through Sallyport, Squid with NTLM, Active Directory. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
  accounts,
  clientEnvironment,
  curl,
  engineWithProxy,
  failedLogons,
  paths,
  run,
  squidUrl,
  watchSquid,
} from "./laboratory.ts";
import { requests, startSallyport } from "./sallyport.ts";

test("curl fetches http and https through Sallyport, Squid with NTLM and the domain", async (t) => {
  const sallyport = await startSallyport(t, { parents: [squidUrl("ntlm")] });
  const squid = watchSquid("ntlm");
  for (const scheme of ["http", "https"]) {
    const fetched = await curl("-x", sallyport.url, `${scheme}://origin.corp.test/small`);
    assert.equal(fetched.status, 200, fetched.stderr);
    assert.match(fetched.body, /^ok, sixty-four/);
  }
  const lines = await squid.until((all) => all.some((line) => line.result === "TCP_TUNNEL"));
  assert.ok(
    lines.some((line) => line.user === "CORP\\testuser" && line.method === "GET" && line.status === 200),
  );
  assert.ok(
    lines.some((line) => line.user === "CORP\\testuser" && line.method === "CONNECT" && line.status === 200),
  );
});

test("a tunnel through a warm pool costs one round trip and no new TCP connection", async (t) => {
  const sallyport = await startSallyport(t, { parents: [squidUrl("ntlm")] });
  await curl("-x", sallyport.url, "https://origin.corp.test/small");
  await sallyport.logged(
    (line) =>
      line.msg === "logon accepted" && line !== sallyport.log().find((one) => one.msg === "logon accepted"),
  );
  await curl("-x", sallyport.url, "https://origin.corp.test/small");
  await sallyport.logged((line) => line.msg === "request" && line.id === 2);
  const [cold, warm] = requests(sallyport);
  assert.deepEqual([warm?.roundTrips, warm?.connections], [1, 0]);
  assert.ok(Number(cold?.roundTrips) <= 3, "the first one also asks what the parent offers");
});

test("64 MiB go up and down whole, with and without a tunnel", async (t) => {
  const sallyport = await startSallyport(t, { parents: [squidUrl("ntlm")] });
  const folder = mkdtempSync(join(tmpdir(), "sallyport-bytes-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const source = join(paths.corp, "www/64m.bin");
  const wanted = digest(source);
  for (const scheme of ["http", "https"]) {
    const file = join(folder, scheme);
    await curl("-x", sallyport.url, "-o", file, `${scheme}://origin.corp.test/64m.bin`);
    assert.equal(digest(file), wanted);
    const sent = await curl("-x", sallyport.url, "-T", source, `${scheme}://origin.corp.test/post`);
    assert.equal(sent.status, 200, sent.stderr);
    assert.match(sent.body, /len=67108864/);
  }
  // Squid itself breaks 64 MiB off on its way to this origin; three are through Expect: 100-continue as well.
  const part = join(folder, "part");
  writeFileSync(part, readFileSync(source).subarray(0, 3_000_000));
  const probe = await curl("-x", sallyport.url, "-T", part, "http://probe.corp.test/upload");
  assert.equal(JSON.parse(probe.body).n, 3_000_000);
});

test("git clones over http and https", async (t) => {
  const sallyport = await startSallyport(t, { parents: [squidUrl("ntlm")] });
  const folder = mkdtempSync(join(tmpdir(), "sallyport-git-"));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const scheme of ["http", "https"]) {
    const cloned = await run("git", [
      "-c",
      `http.proxy=${sallyport.url}`,
      "clone",
      "-q",
      `${scheme}://git.corp.test/hello.git`,
      join(folder, scheme),
    ]);
    assert.equal(cloned.code, 0, cloned.stderr);
  }
  assert.ok(requests(sallyport).every((line) => line.via === squidUrl("ntlm").slice(7)));
});

test("docker pulls and searches, and a container fetches through docker0 without learning the password", async (t) => {
  const sallyport = await startSallyport(t, {
    parents: [squidUrl("ntlm")],
    listen: ["127.0.0.1:0", "docker0:13128"],
    args: ["--allow", "127.0.0.0/8", "--allow", "docker"],
  });
  await engineWithProxy(sallyport.url);
  t.after(() => engineWithProxy());
  const docker = async (...args: string[]) => await run("docker", args, { timeout: 120_000 });

  await docker("rmi", "-f", "registry.corp.test/busybox");
  const pulled = await docker("pull", "registry.corp.test/busybox");
  assert.equal(pulled.code, 0, pulled.stderr);
  const found = await docker("search", "registry.corp.test/busybox");
  assert.equal(found.code, 0, found.stderr);
  assert.match(found.stdout, /busybox/);
  assert.ok(
    requests(sallyport).some((line) => line.target === "registry.corp.test:443" && line.status === 200),
  );

  const gateway = "172.17.0.1:13128";
  const inside = async (script: string) =>
    await docker(
      "run",
      "--rm",
      "--pull=never",
      "-e",
      `http_proxy=http://${gateway}`,
      "-e",
      `https_proxy=http://${gateway}`,
      "debian:bookworm",
      "sh",
      "-c",
      script,
    );
  const fetched = await inside("curl -sS http://far.corp.test/small");
  assert.match(fetched.stdout, /^ok, sixty-four/, fetched.stderr);

  const everything = [
    // What a job could try: the proxy's own answers, its debug words, the host's and the cloud's secrets through it.
    await inside(
      `curl -sS -i http://${gateway}/ ; curl -sS -i http://nowhere.invalid/ ; curl -sS -i http://far.corp.test/echo`,
    ),
    await inside("curl -sS -i -X TRACE -H 'Max-Forwards: 0' http://far.corp.test/ ; env ; cat /proc/net/tcp"),
    await inside("curl -sS -i http://169.254.169.254/latest/meta-data/ ; curl -sS -i http://127.0.0.1:3131/"),
  ];
  for (const one of everything) assertNoSecret(one.stdout + one.stderr);
  assert.match(everything[2]!.stdout, /SP_TARGET_DENIED/);
  assertNoSecret(sallyport.text());
  assertNoSecret(readFileSync(`/proc/${sallyport.child.pid}/cmdline`, "latin1"));
  assertNoSecret(readFileSync(join(sallyport.folder, "state/refused-logons.json"), "utf8"));
});

test("people with names and passwords beyond ASCII sign in", async (t) => {
  for (const username of ["uniuser", "jürgen"] as const) {
    const sallyport = await startSallyport(t, {
      parents: [squidUrl("ntlm")],
      username,
      password: accounts[username],
    });
    const fetched = await curl("-x", sallyport.url, "http://origin.corp.test/small");
    assert.equal(fetched.status, 200, fetched.body);
    await sallyport.stop();
  }
});

test("a hash serves in place of the password, and Basic and several offers are answered", async (t) => {
  const hashed = await run(join(paths.root, "bin/sallyport"), ["hash"], { input: "S3cret-pass\n" });
  const [, hash] = /nt_hash = "([0-9a-f]{32})"/.exec(hashed.stdout) ?? [];
  assert.ok(hash, hashed.stderr);
  const folder = mkdtempSync(join(tmpdir(), "sallyport-hash-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "sallyport.toml");
  writeFileSync(
    file,
    `[[proxy.parent]]\nurl = "${squidUrl("ntlm")}"\n[identity]\nusername = "testuser"\ndomain = "CORP"\nnt_hash = "${hash}"\n`,
    { mode: 0o600 },
  );
  const byHash = await startSallyport(t, { username: "", args: ["-c", file] });
  assert.equal((await curl("-x", byHash.url, "https://origin.corp.test/small")).status, 200);
  const multi = await startSallyport(t, { parents: [squidUrl("multi")] });
  assert.equal((await curl("-x", multi.url, "https://origin.corp.test/small")).status, 200);
  assert.ok(multi.log().some((line) => line.msg === "logon accepted" && line.scheme === "ntlm"));
  const basic = await startSallyport(t, { parents: [squidUrl("basic")], domain: "" });
  assert.equal((await curl("-x", basic.url, "http://origin.corp.test/small")).status, 200);
  assert.equal((await curl("-x", basic.url, "https://origin.corp.test/small")).status, 200);
});

test("a parent that offers only Kerberos is named, with what it offers", async (t) => {
  const sallyport = await startSallyport(t, { parents: ["http://proxy.corp.test:3132"] });
  const fetched = await curl("-x", sallyport.url, "http://origin.corp.test/small");
  assert.equal(fetched.status, 502);
  assert.match(fetched.body, /offers Negotiate/);
});

test("a wrong password costs two failed logons at the most, for a thousand requests and over a restart", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-state-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const before = await failedLogons();
  const options = {
    parents: [squidUrl("ntlm"), squidUrl("multi")],
    username: "other",
    password: "not-the-password",
    stateDirectory: folder,
  };
  const first = await startSallyport(t, options);
  const many = await run("curl", [
    "-s",
    "--parallel",
    "--parallel-max",
    "100",
    "-x",
    first.url,
    "-o",
    "/dev/null",
    "-w",
    "%{http_code}\n",
    "http://origin.corp.test/small?[1-1000]",
  ]);
  const statuses = many.stdout.trim().split("\n");
  assert.equal(statuses.length, 1000);
  assert.ok(
    statuses.every((status) => status === "502" || status === "407"),
    statuses.slice(0, 5).join(),
  );
  const told = await curl("-x", first.url, "http://origin.corp.test/small");
  assert.match(told.body, /refused/);
  await first.stop();
  const second = await startSallyport(t, options);
  await curl("-x", second.url, "http://origin.corp.test/small");
  const detected = await run(join(paths.root, "bin/sallyport"), [
    "detect",
    "--parent",
    squidUrl("ntlm"),
    "--username",
    "other",
    "--domain",
    "CORP",
    "--password-file",
    join(second.folder, "password"),
    "--state-directory",
    folder,
    "http://origin.corp.test/",
  ]);
  assert.equal(detected.code, 1);
  assert.ok((await failedLogons()) - before <= 2, `${(await failedLogons()) - before} failed logons`);

  const right = await startSallyport(t, { ...options, password: accounts.other });
  assert.equal((await curl("-x", right.url, "http://origin.corp.test/small")).status, 200);
});

test("200 cold tunnels at once all come up", async (t) => {
  const sallyport = await startSallyport(t, { parents: [squidUrl("ntlm")] });
  const many = await run(
    "curl",
    [
      "-s",
      "--parallel",
      "--parallel-immediate",
      "--parallel-max",
      "200",
      "-x",
      sallyport.url,
      "-o",
      "/dev/null",
      "-w",
      "%{http_code}\n",
      "https://origin.corp.test/small?[1-200]",
    ],
    { env: clientEnvironment() },
  );
  assert.deepEqual([...new Set(many.stdout.trim().split("\n"))], ["200"]);
});

function digest(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}

/** The password and its hashes, in the forms that could slip out. */
function assertNoSecret(text: string): void {
  const password = "S3cret-pass";
  const ntHash = "188f0add";
  const forms = [
    password,
    Buffer.from(password).toString("base64"),
    Buffer.from(`testuser:${password}`).toString("base64").slice(0, 18),
    ntHash,
    "TlRMTVNTUAAD",
  ];
  for (const form of forms) assert.ok(!text.toLowerCase().includes(form.toLowerCase()), `found ${form}`);
}
