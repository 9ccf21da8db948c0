import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { ClientName } from "../../../src/routing/clients/clients.ts";
import { decideFor } from "../../../src/routing/clients/decide.ts";
import type { Variable } from "../../../src/routing/clients/variables.ts";

/** What real clients did, each case with two proxies. `-` is direct, `ERROR` a client that refused. */
const matrix: {
  clients: Record<string, Record<string, string>>;
  names: Record<ClientName, string>;
} = JSON.parse(readFileSync("test/vectors/client-matrix.json", "utf8"));

const proxies = { P1: "http://127.0.0.1:7001", P2: "http://127.0.0.1:7002" } as const;

/** The A rows: which variables, and the URL's scheme. */
const variableRows: Record<string, { set: Variable[]; scheme: "http" | "https" }> = {
  A01: { set: [["http_proxy", proxies.P1]], scheme: "http" },
  A02: { set: [["HTTP_PROXY", proxies.P1]], scheme: "http" },
  A03: { set: pair("http_proxy"), scheme: "http" },
  A04: { set: [["https_proxy", proxies.P1]], scheme: "https" },
  A05: { set: [["HTTPS_PROXY", proxies.P1]], scheme: "https" },
  A06: { set: pair("https_proxy"), scheme: "https" },
  A07: { set: [["http_proxy", proxies.P1]], scheme: "https" },
  A08: { set: [["https_proxy", proxies.P1]], scheme: "http" },
  A09: { set: [["all_proxy", proxies.P1]], scheme: "https" },
  A10: { set: [["ALL_PROXY", proxies.P1]], scheme: "https" },
  A11: { set: [["https_proxy", "127.0.0.1:7001"]], scheme: "https" },
  A12: { set: [["http_proxy", "127.0.0.1:7001"]], scheme: "http" },
  A13: {
    set: [
      ["https_proxy", ""],
      ["HTTPS_PROXY", proxies.P2],
    ],
    scheme: "https",
  },
  A14: { set: [["https_proxy", "http://us%40er:p%3Ass%2F@127.0.0.1:7001"]], scheme: "https" },
  A15: {
    set: [
      ["REQUEST_METHOD", "GET"],
      ["HTTP_PROXY", proxies.P1],
    ],
    scheme: "http",
  },
  A16: { set: [["https_proxy", `${proxies.P1}/`]], scheme: "https" },
};

function pair(name: string): Variable[] {
  return [
    [name, proxies.P1],
    [name.toUpperCase(), proxies.P2],
  ];
}

/** The N rows whose lists or URLs their names do not spell out. */
const listRows: Record<string, { set: Variable[]; url: string }> = {
  N40: { set: [...lists("other", "example.test")], url: "http://example.test/" },
  N41: { set: [...lists("", "example.test")], url: "http://example.test/" },
  N42: { set: [["NO_PROXY", "example.test"]], url: "http://example.test/" },
  N43: { set: [["no_proxy", "example.test"]], url: "http://example.test/" },
  N44: { set: [], url: "http://127.0.0.1:18080/" },
  N45: { set: [], url: "http://localhost:18080/" },
  N46: { set: [], url: "http://[::1]:18080/" },
  N49: { set: lists("docker", "docker"), url: "http://docker:2375/" },
};

function lists(lower: string, upper: string): Variable[] {
  return [
    ["no_proxy", lower],
    ["NO_PROXY", upper],
  ];
}

function caseOf(name: string, column: ClientName): { variables: Variable[]; url: string } {
  const id = name.slice(0, 3);
  const row = variableRows[id];
  if (row) return { variables: row.set, url: urlFor("example.test", row.scheme, column) };
  const both: Variable[] = ["http_proxy", "https_proxy"].flatMap((one): Variable[] => [
    [one, proxies.P1],
    [one.toUpperCase(), proxies.P1],
  ]);
  const listed = listRows[id];
  if (listed) return { variables: [...both, ...listed.set], url: listed.url };
  const [, text = "", where = ""] = /^N\d\d (.*) \| ([^ ]+(?: default port)?)/.exec(name)!;
  const list = text.replace(/ \(space\)$/, "").replace(/^"(.*)"$/, "$1");
  const variables = [...both, ...lists(list, list)];
  if (where === "https default port") return { variables, url: urlFor("example.test", "https", column) };
  if (where === ":8443") return { variables, url: "https://example.test:8443/" };
  return { variables, url: urlFor(where, "http", column) };
}

/** Docker's client was asked for an engine, and an engine's port is 2375. */
function urlFor(host: string, scheme: string, column: ClientName): string {
  return column === "docker-cli" ? `${scheme}://${host}:2375/` : `${scheme}://${host}/`;
}

/** Not expressible: pip's --trusted-host takes no IPv6, so that it asked nobody. */
const notMeasured: Partial<Record<ClientName, readonly string[]>> = { pip: ["N21", "N22", "N46"] };

let compared = 0;
let passedOver = 0;
for (const [client, column] of Object.entries(matrix.names) as [ClientName, string][]) {
  test(`${client} decides as ${column} did in every row`, () => {
    for (const [name, measured] of Object.entries(matrix.clients[column]!)) {
      if (notMeasured[client]?.includes(name.slice(0, 3))) {
        assert.equal(measured, "-");
        passedOver++;
        continue;
      }
      const { variables, url } = caseOf(name, client);
      const optIn: Variable[] = client.startsWith("node") ? [["NODE_USE_ENV_PROXY", "1"]] : [];
      const { decision, proxy, rule } = decideFor(client, [...optIn, ...variables], url);
      const mine =
        decision === "proxy"
          ? Object.entries(proxies).find(([, at]) => at === proxy)?.[0]
          : { direct: "-", error: "ERROR" }[decision];
      assert.equal(mine, measured, `${name}: ${rule} (${proxy})`);
      compared++;
    }
  });
}

test("every row of the matrix was compared: 18 clients, 54 rows, less 3 that nobody could measure", () => {
  assert.deepEqual([compared, passedOver], [18 * 54 - 3, 3]);
});
