import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { decideFor } from "../../../src/routing/clients/decide.ts";

interface Case {
  readonly name: string;
  readonly env: Record<string, string>;
  readonly results: readonly { readonly url: string; readonly proxy: string }[];
}

const table: { cases: Case[] } = JSON.parse(readFileSync("test/vectors/go-httpproxy.json", "utf8"));

for (const one of table.cases) {
  test(`Go decides as net/http does: ${one.name}`, () => {
    for (const { url, proxy } of one.results) {
      for (const client of ["go", "docker-cli", "dockerd"] as const) {
        const decided = decideFor(client, Object.entries(one.env), url);
        assert.equal(decided.proxy ?? "DIRECT", address(proxy), `${url}: ${decided.rule}`);
        assert.equal(decided.decision, proxy === "DIRECT" ? "direct" : "proxy");
      }
    }
  });
}

/** Without userinfo and path, with a port. */
function address(proxy: string): string {
  if (proxy === "DIRECT") return proxy;
  const [, scheme, host] = /^([a-z\d]+):\/\/(?:.*@)?(.*?):?\/*$/.exec(proxy)!;
  return `${scheme}://${/:\d+$/.test(host!) ? host : `${host}:80`}`;
}

test("the table of Go is whole: 36 cases, 201 requests", () => {
  assert.equal(table.cases.length, 36);
  assert.equal(table.cases.flatMap((one) => one.results).length, 201);
});

/** NO_PROXY of golang.org/x/net/http/httpproxy's own test, and what goes direct with it on port 80. */
const golangList =
  "foobar.com, .barbaz.net, *.wildcard.io, 192.168.1.1, 192.168.1.2:81, 192.168.1.3:80, 10.0.0.0/30, 2001:db8::52:0:1, [2001:db8::52:0:2]:443, [2001:db8::52:0:3]:80, 2002:db8:a::45/64";
const golangHosts: Record<string, "D" | "P"> = {
  localhost: "D",
  "127.0.0.1": "D",
  "127.0.0.2": "D",
  "[::1]": "D",
  "[::2]": "P",
  "192.168.1.1": "D",
  "192.168.1.2": "P",
  "192.168.1.3": "D",
  "192.168.1.4": "P",
  "10.0.0.2": "D",
  "[2001:db8::52:0:1]": "D",
  "[2001:db8::52:0:2]": "P",
  "[2001:db8::52:0:3]": "D",
  "[2002:db8:a::123]": "D",
  "[fe80::424b:c8be:1643:a1b6]": "P",
  "barbaz.net": "P",
  "www.barbaz.net": "D",
  "foobar.com": "D",
  "www.foobar.com": "D",
  "foofoobar.com": "P",
  "baz.com": "P",
  "localhost.net": "P",
  "local.localhost": "P",
  "barbarbaz.net": "P",
  "wildcard.io": "P",
  "nested.wildcard.io": "D",
  "awildcard.io": "P",
};

test("Go's own list of hosts: 27 of them, and what a star or a port alone does to each", () => {
  assert.equal(Object.keys(golangHosts).length, 27);
  for (const [host, wanted] of Object.entries(golangHosts)) {
    const decide = (list: string) =>
      decideFor(
        "go",
        [
          ["HTTP_PROXY", "http://p:1"],
          ["NO_PROXY", list],
        ],
        `http://${host}/`,
      ).decision;
    assert.equal(decide(golangList), wanted === "D" ? "direct" : "proxy", host);
    assert.equal(decide("*"), "direct", host);
  }
  const lone = decideFor(
    "go",
    [
      ["HTTP_PROXY", "http://p:1"],
      ["NO_PROXY", ":1"],
    ],
    "http://example.com/",
  );
  assert.equal(lone.decision, "proxy");
});

const values: [value: string, proxy: string][] = [
  ["127.0.0.1:8080", "http://127.0.0.1:8080"],
  ["localhost", "http://localhost:80"],
  ["https://cache.corp.example", "https://cache.corp.example:443"],
  ["socks5://127.0.0.1", "socks5://127.0.0.1:1080"],
  ["foo://host", "foo://host:80"],
];
for (const [value, proxy] of values)
  test(`Go takes the proxy ${value} as ${proxy}`, () => {
    assert.equal(decideFor("go", [["HTTP_PROXY", value]], "http://example.com/").proxy, proxy);
  });

test("Go: http_proxy carries no https and no ftp; a CGI program keeps its https proxy only", () => {
  const http = [["HTTP_PROXY", "http://p:1"]] as const;
  assert.equal(decideFor("go", http, "https://example.com/").decision, "direct");
  assert.equal(decideFor("go", http, "ftp://example.com/").decision, "direct");
  const cgi = [...http, ["HTTPS_PROXY", "http://q:2"], ["REQUEST_METHOD", "GET"]] as const;
  const refused = decideFor("go", cgi, "http://example.com/");
  assert.equal(refused.proxy, null);
  assert.match(refused.rule, /Go refuses HTTP_PROXY then, and the request fails/);
  assert.equal(decideFor("go", cgi, "https://example.com/").proxy, "http://q:2");
});

test("Go passes over a proxy that does not parse, without a word", () => {
  const decided = decideFor("go", [["HTTPS_PROXY", "http://user:se%kret@p:1"]], "https://example.com/");
  assert.equal(decided.decision, "direct");
  assert.match(decided.rule, /does not parse/);
  assert.doesNotMatch(decided.rule, /kret/);
});
