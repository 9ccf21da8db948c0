import assert from "node:assert/strict";
import { test } from "node:test";
import { decideFor } from "../../../src/routing/clients/decide.ts";

function bypassed(list: string, host: string, version?: string): boolean {
  const variables = [
    ["http_proxy", "http://p:1"],
    ["no_proxy", list],
  ] as const;
  return decideFor("curl", variables, `http://${host}/`, version).decision === "direct";
}

/** Of curl's tests/unit/unit1614.c, as of 8.18. */
const rows: [host: string, list: string, direct: boolean][] = [
  ["www.example.com", "localhost .example.com .example.de", false],
  ["www.example.com", "localhost,.example.com,.example.de", true],
  ["www.example.com.", "localhost,.example.com,.example.de", true],
  ["example.com", "localhost,.example.com,.example.de", true],
  ["example.com.", "localhost,.example.com,.example.de", true],
  ["www.example.com", "localhost,.example.com.,.example.de", true],
  ["www.example.com", "localhost,www.example.com.,.example.de", true],
  ["nonexample.com", ".example.com, .example.net", false],
  ["nexample.com", "localhost,.example.com,.example.de", false],
  ["127.0.0.1", "127.0.0.1,localhost", true],
  ["127.0.0.1", "127.0.0.1/8,localhost,", true],
  ["127.0.0.1", "127.0.0.1/28,localhost,", true],
  ["127.0.0.1", "127.0.0.1/31,localhost,", true],
  ["localhost", "127.0.0.1,localhost", true],
  ["foobar", "barfoo", false],
  ["foobar", "foobar", true],
  ["192.168.0.1", "foobar", false],
  ["192.168.0.1", "192.168.0.0/16", true],
  ["192.168.0.1", "192.168.0.0/16a", false],
  ["192.168.0.1", "192.168.0.0/a16", false],
  ["192.168.0.1", "192.168.0.0/ 16", false],
  ["192.168.0.1", "192.168.0.0/24", true],
  ["192.168.0.1", "192.168.0.0/32", false],
  ["192.168.0.1", "192.168.0.0/33", false],
  ["192.168.0.1", "192.168.0.0", false],
  ["192.168.1.1", "192.168.0.0/24", false],
  ["192.168.1.1", "foo, bar, 192.168.0.0/16", true],
  ["[::1]", "foo, bar, 192.168.0.0/16", false],
  ["[::1]", "foo, bar, ::1/64", true],
  ["[::1]", "foo, bar, ::1/96", true],
  ["[::1]", "foo, bar, ::1/128", true],
  ["[::1]", "foo, bar, ::1/129", false],
  ["BAr", "foo,,,,,              bar, ::1/64", true],
  ["www.example.com", "foo, .example.com", true],
  ["www.example.com", "www2.example.com, .example.net", false],
];
for (const [host, list, direct] of rows)
  test(`curl 8.18 sends ${host} ${direct ? "direct" : "to the proxy"} with no_proxy "${list}"`, () => {
    assert.equal(bypassed(list, host, "8.18.0"), direct);
  });

test("curl's no_proxy by version: networks from 7.86, blanks until 8.9, IPv6 as an address from 8.18", () => {
  assert.deepEqual(
    ["7.85.0", "7.86.0"].map((version) => bypassed("10.0.0.0/8", "10.1.2.3", version)),
    [false, true],
  );
  assert.deepEqual(
    ["8.8.0", "8.9.0"].map((version) => bypassed("a.test b.test", "b.test", version)),
    [true, false],
  );
  assert.deepEqual(
    ["8.17.0", "8.18.0"].map((version) => bypassed("0:0:0:0:0:0:0:2", "[::2]", version)),
    [false, true],
  );
});

test("curl takes port 1080 for a proxy without one, and the others 80", () => {
  const variables = [["http_proxy", "http://p"]] as const;
  assert.equal(decideFor("curl", variables, "http://example.com/").proxy, "http://p:1080");
  assert.equal(decideFor("git", variables, "http://example.com/").proxy, "http://p:1080");
  assert.equal(decideFor("wget", variables, "http://example.com/").proxy, "http://p:80");
});
