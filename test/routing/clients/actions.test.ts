import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { decideFor } from "../../../src/routing/clients/decide.ts";

interface RunnerRow {
  readonly rows: string;
  readonly env: Record<string, string>;
  readonly http?: { readonly at: string; readonly scheme?: string } | null;
  readonly https?: { readonly at: string; readonly scheme?: string } | null;
  readonly direct?: string[];
  readonly proxied?: string[];
}

const runner: { rows: RunnerRow[] } = JSON.parse(readFileSync("test/vectors/actions-runner.json", "utf8"));

for (const row of runner.rows) {
  test(`the Actions runner's own test, row ${row.rows}`, () => {
    const variables = Object.entries(row.env);
    const decide = (url: string) => decideFor("actions-runner", variables, url);
    for (const scheme of ["http", "https"] as const) {
      const wanted = row[scheme];
      const at = wanted?.at.replace(/^(.*:.*)(:\d+)$/, "[$1]$2");
      const proxy = wanted ? `${wanted.scheme ?? "http"}://${at}` : null;
      if (wanted !== undefined) assert.equal(decide(`${scheme}://unlisted.test`).proxy, starOr(row, proxy));
    }
    for (const url of row.direct ?? []) assert.equal(decide(url).decision, "direct", url);
    for (const url of row.proxied ?? []) assert.equal(decide(url).decision, "proxy", url);
  });
}

function starOr(row: RunnerRow, proxy: string | null): string | null {
  return /(^|[,\s])\*([,\s]|$)/.test(row.env.no_proxy ?? "") ? null : proxy;
}

test("the rows of the Actions runner are all there: 1 to 50", () => {
  const own = runner.rows.filter(({ rows }) => /^[\d, -]+$/.test(rows));
  const numbers = own.flatMap(({ rows }) =>
    rows.split(",").flatMap((part) => {
      const [from = 0, to = from] = part.trim().split("-").map(Number);
      return Array.from({ length: to - from + 1 }, (_, index) => from + index);
    }),
  );
  assert.deepEqual(
    [...new Set(numbers)].sort((a, b) => a - b),
    Array.from({ length: 50 }, (_, index) => index + 1),
  );
});

interface ClientRow {
  readonly row: number;
  /** Without it both proxies are `http://p:1`. */
  readonly env?: Record<string, string>;
  readonly no_proxy?: string;
  readonly url: string;
  readonly to: string | null;
}

const library: { rows: ClientRow[] } = JSON.parse(
  readFileSync("test/vectors/actions-http-client.json", "utf8"),
);

for (const { row, env, no_proxy = "", url, to } of library.rows) {
  test(`@actions/http-client's own test, row ${row}: ${url}`, () => {
    const both = { http_proxy: "http://p:1", https_proxy: "http://p:1", no_proxy };
    const decided = decideFor("actions-http-client", Object.entries(env ?? both), url);
    assert.equal(decided.proxy, to);
    assert.equal(decided.decision, to === null ? "direct" : "proxy");
  });
}

test("the rows of @actions/http-client are all there: 53 to 83", () => {
  const rows = [...new Set(library.rows.map(({ row }) => row))];
  assert.deepEqual(
    rows,
    Array.from({ length: 31 }, (_, index) => 53 + index),
  );
});

test("an IPv6 entry is the name after its first colon to the Actions runner, and IPv4 entries are nothing", () => {
  const list = (no_proxy: string, url: string) =>
    decideFor("actions-runner", Object.entries({ http_proxy: "http://p:1", no_proxy }), url).decision;
  assert.equal(list("::1", "http://10.0.0.1/"), "direct");
  assert.equal(list("[::1]", "http://10.0.0.1/"), "proxy");
  assert.equal(list("10.0.0.1", "http://10.0.0.1/"), "proxy");
  assert.equal(list(":", "http://10.0.0.1/"), "error");
});

test("a proxy without scheme has no host for @actions/http-client when it looks like name:port", () => {
  const value = (http_proxy: string) =>
    decideFor("actions-http-client", [["http_proxy", http_proxy]], "http://example.com/");
  assert.equal(value("proxy:3128").decision, "direct");
  assert.equal(value("127.0.0.1:3128").proxy, "http://127.0.0.1:3128");
});
