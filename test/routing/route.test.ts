import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError } from "../../src/core/errors.ts";
import { proxyFromEnvironment } from "../../src/routing/environment.ts";
import { decideRoute, type RouteInput, routeTable } from "../../src/routing/route.ts";

const own = (text: string): RouteInput["noProxy"] => ({ text, dialect: "sallyport" });
const to = (host: string, port = 443, scheme: "http" | "https" = "https") => ({ host, port, scheme });

test("with parents everything goes to them but what no_proxy names, and the environment does not count", () => {
  const environment = proxyFromEnvironment({ https_proxy: "socks5://p:1", no_proxy: "*" });
  const table = routeTable({ noProxy: own(".corp.example,10.0.0.0/8"), parents: true, environment });
  assert.deepEqual(decideRoute(table, to("a.corp.example")), {
    kind: "direct",
    rule: "no_proxy: .corp.example",
  });
  assert.equal(decideRoute(table, to("10.1.1.1")).kind, "direct");
  assert.equal(decideRoute(table, to("github.com")).kind, "parents");
  assert.deepEqual(table.warnings, []);
});

test("localhost by name goes direct, a loopback address follows no_proxy", () => {
  const table = routeTable({ noProxy: own(""), parents: true });
  assert.deepEqual(decideRoute(table, to("LOCALHOST")), { kind: "direct", rule: "localhost" });
  assert.equal(decideRoute(table, to("a.localhost.")).kind, "direct");
  assert.equal(decideRoute(table, to("127.0.0.1")).kind, "parents");
  const strict = routeTable({ noProxy: own(""), parents: true, localhostDirect: false });
  assert.equal(decideRoute(strict, to("localhost")).kind, "parents");
});

test("cntlm's NoProxy is read as cntlm reads it: patterns, and localhost only when it is listed", () => {
  const table = routeTable({ noProxy: { text: "10.*, *.corp.example", dialect: "cntlm" }, parents: true });
  assert.deepEqual(decideRoute(table, to("10.1.1.1")), { kind: "direct", rule: "no_proxy: 10.*" });
  assert.equal(decideRoute(table, to("corp.example")).kind, "parents");
  assert.equal(decideRoute(table, to("localhost")).kind, "parents");
});

test("without parents the environment decides, after the configuration's no_proxy", () => {
  const environment = proxyFromEnvironment({ https_proxy: "http://p:3128", no_proxy: "b.example" });
  const table = routeTable({ noProxy: own("a.example"), parents: false, environment });
  assert.deepEqual(decideRoute(table, to("a.example")), { kind: "direct", rule: "no_proxy: a.example" });
  assert.deepEqual(decideRoute(table, to("b.example")), { kind: "direct", rule: "no_proxy: b.example" });
  assert.deepEqual(decideRoute(table, to("127.0.0.1")), { kind: "direct", rule: "loopback" });
  const route = decideRoute(table, to("c.example"));
  assert.ok(route.kind === "environment-parent");
  assert.equal(route.proxy.host, "p");
  assert.equal(decideRoute(table, to("c.example", 80, "http")).kind, "direct");
});

test("without parents and environment everything goes direct", () => {
  const table = routeTable({ noProxy: own(""), parents: false });
  assert.deepEqual(decideRoute(table, to("a.example")), { kind: "direct", rule: "no parent is configured" });
});

test("an environment that names an unusable proxy stops the start instead of going direct", () => {
  const environment = proxyFromEnvironment({ https_proxy: "https://p:8443" });
  assert.throws(() => routeTable({ noProxy: own(""), parents: false, environment }), ConfigError);
});

test("entries that never match and variables that differ are told at the start", () => {
  const environment = proxyFromEnvironment({ http_proxy: "http://a:1", HTTP_PROXY: "http://b:1" });
  const table = routeTable({ noProxy: own("192.168.*"), parents: false, environment });
  assert.equal(table.warnings.length, 2);
});
