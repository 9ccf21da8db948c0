import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import fc from "fast-check";
import type { Variable } from "../../src/routing/clients/variables.ts";
import { targets } from "../../src/routing/write-variables.ts";

const variables: Variable[] = [
  ["http_proxy", "http://u:p%25'\"$x\\@p:1"],
  ["https_proxy", "http://p:2"],
  ["no_proxy", "localhost,[::1]"],
];

test("a shell reads back what was printed, whatever is in the values", () => {
  const value = fc.string({ maxLength: 30 }).filter((text) => !/[\0\n\r]/.test(text));
  fc.assert(
    fc.property(value, (one) => {
      const text = targets.shell([["http_proxy", one]]);
      const { stdout } = spawnSync("sh", ["-c", `${text}printf %s "$http_proxy"`], { encoding: "utf8" });
      assert.equal(stdout, one);
    }),
    { numRuns: 30 },
  );
});

test("systemd gets a drop-in with % doubled and quotes escaped", () => {
  assert.equal(
    targets.systemd(variables),
    [
      "[Service]",
      'Environment="http_proxy=http://u:p%%25\'\\"$x\\\\@p:1"',
      'Environment="https_proxy=http://p:2"',
      'Environment="no_proxy=localhost,[::1]"',
      "",
    ].join("\n"),
  );
});

test("Docker's client gets proxies in its config.json, scripts one object, --env-file bare lines", () => {
  assert.deepEqual(JSON.parse(targets.docker(variables)), {
    proxies: {
      default: { httpProxy: variables[0]![1], httpsProxy: "http://p:2", noProxy: "localhost,[::1]" },
    },
  });
  assert.deepEqual(JSON.parse(targets.json(variables)), Object.fromEntries(variables));
  assert.equal(targets.dotenv(variables.slice(1)), "https_proxy=http://p:2\nno_proxy=localhost,[::1]\n");
});

test("a .gitlab-ci.yml gets a before_script whose block is the shell's lines", () => {
  const text = targets["gitlab-ci"](variables);
  assert.match(text, /^default:\n {2}before_script:\n {4}- \|\n {6}export http_proxy='/);
  const block = text
    .split("\n")
    .filter((line) => line.startsWith("      "))
    .map((line) => line.slice(6));
  assert.equal(`${block.join("\n")}\n`, targets.shell(variables));
});
