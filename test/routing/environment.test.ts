import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { inspect } from "node:util";
import fc from "fast-check";
import { ConfigError } from "../../src/core/errors.ts";
import {
  type EnvironmentProxies,
  type EnvironmentProxy,
  proxyFromEnvironment,
} from "../../src/routing/environment.ts";

interface Row {
  readonly rows: string;
  readonly env: Record<string, string>;
  readonly http?: Expected | null;
  readonly https?: Expected | null;
  readonly direct?: string[];
  readonly proxied?: string[];
}
interface Expected {
  readonly at: string;
  readonly scheme?: string;
  readonly username?: string;
  readonly password?: string;
}

const table: { rows: Row[] } = JSON.parse(readFileSync("test/vectors/actions-runner.json", "utf8"));

for (const row of table.rows) {
  test(`the environment is read as the Actions runner reads it: row ${row.rows}`, () => {
    const found = proxyFromEnvironment(row.env);
    if (row.http !== undefined) assert.deepEqual(plain(found.http), row.http);
    if (row.https !== undefined) assert.deepEqual(plain(found.https), row.https);
    for (const url of row.direct ?? []) assert.ok("direct" in decide(found, url), `${url} goes direct`);
    for (const url of row.proxied ?? []) {
      const decision = decide(found, url);
      assert.ok("proxy" in decision, `${url} goes to the proxy`);
      assert.equal(decision.proxy, url.startsWith("https") ? found.https : found.http);
    }
  });
}

function plain(proxy: EnvironmentProxy | undefined): Expected | null {
  if (proxy === undefined) return null;
  const { scheme, host, port, username, password } = proxy;
  return {
    at: `${host}:${port}`,
    ...(scheme !== "http" && { scheme }),
    ...(username !== undefined && { username }),
    ...(password && { password: password.reveal() }),
  };
}

function decide(found: EnvironmentProxies, text: string) {
  const url = new URL(text);
  const scheme = url.protocol === "https:" ? "https" : "http";
  return found.decide({
    scheme,
    host: url.hostname,
    port: Number(url.port) || (scheme === "https" ? 443 : 80),
  });
}

test("a difference between the two spellings is a warning that names both hosts and no userinfo", () => {
  const { warnings } = proxyFromEnvironment({
    http_proxy: "http://bob:s3cret@lower:1",
    HTTP_PROXY: "http://bob:hunter2@upper:2",
    https_proxy: "http://bob:s3cret@same:1",
    HTTPS_PROXY: "http://bob:hunter2@same:1",
    no_proxy: "a",
    NO_PROXY: "b",
  });
  assert.equal(warnings.length, 3);
  assert.match(warnings[0]!, /http_proxy and HTTP_PROXY differ \(lower:1 and upper:2\)/);
  assert.match(warnings[1]!, /https_proxy and HTTPS_PROXY differ;/);
  assert.match(warnings[2]!, /no_proxy and NO_PROXY differ/);
  assert.doesNotMatch(warnings.join(), /s3cret|hunter2|bob/);
});

test("equal spellings, or one of them empty, are no difference", () => {
  const same = { http_proxy: "http://p:1", HTTP_PROXY: " http://p:1", no_proxy: "", NO_PROXY: "a" };
  assert.deepEqual(proxyFromEnvironment(same).warnings, []);
});

test("a proxy reached by https or SOCKS is a problem for the start, and never means direct", () => {
  for (const value of ["https://bob:s3cret@p:8443", "socks5://bob:s3cret@p:1080", "SOCKS5h://p"]) {
    const found = proxyFromEnvironment({ https_proxy: value });
    assert.equal(found.problems.length, 1, value);
    assert.ok(found.problems[0] instanceof ConfigError);
    assert.doesNotMatch(inspect(found.problems[0], { depth: 9 }), /s3cret/);
    assert.ok("proxy" in decide(found, "https://github.com"));
  }
});

test("what is not a URL counts as unset, with a warning that does not repeat it", () => {
  const { warnings, http } = proxyFromEnvironment({ http_proxy: "http://bob:s3cret@:::" });
  assert.equal(http, undefined);
  assert.match(warnings[0]!, /^http_proxy is not a URL/);
  assert.doesNotMatch(warnings.join(), /s3cret/);
});

test("addresses and networks in no_proxy do nothing, and a warning says so", () => {
  const found = proxyFromEnvironment({
    http_proxy: "http://p:1",
    no_proxy: "10.0.0.1,10.0.0.0/8,fd00::1,::2,[fd00::2]:80,fd00::/8,:,,a.example",
  });
  assert.equal(found.warnings.length, 6);
  // The runner would cut "::2" to "2", a suffix of this one.
  for (const host of ["10.0.0.1", "10.0.0.2", "[fd00::1]", "[fd00::2]"])
    assert.ok("proxy" in decide(found, `http://${host}`), host);
  assert.ok("direct" in decide(found, "http://a.example"));
});

test("no_proxy alone is not read", () => {
  assert.deepEqual(proxyFromEnvironment({ no_proxy: "10.0.0.1", NO_PROXY: "x" }).warnings, []);
});

test("no environment makes it throw or shows the password", () => {
  const value = fc.string({ maxLength: 30 }).filter((text) => text.trim() !== "");
  fc.assert(
    fc.property(value, value, value, (a, b, list) => {
      const env = {
        http_proxy: `http://u:SECRETWORD@${a}`,
        HTTP_PROXY: `${b}u:SECRETWORD@p`,
        https_proxy: b,
        no_proxy: list,
      };
      const found = proxyFromEnvironment(env);
      found.decide({ scheme: "http", host: a, port: 80 });
      assert.doesNotMatch(inspect(found, { depth: 9 }).replace(/host: .*/g, ""), /SECRETWORD/);
    }),
  );
});
