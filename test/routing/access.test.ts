import assert from "node:assert/strict";
import { test } from "node:test";
import { parseWho } from "../../src/routing/access.ts";

test("an access rule names everybody, docker, a network or a name", () => {
  const kind = (text: string) => {
    const who = parseWho(text);
    return "problem" in who ? "problem" : who.kind;
  };
  assert.deepEqual(["*", "0", "0/0"].map(kind), ["everybody", "everybody", "everybody"]);
  assert.deepEqual(["docker", "Docker"].map(kind), ["docker", "docker"]);
  assert.deepEqual(
    ["10.0.0.0/8", "10.1.2.3", "::1", "fd00::/8", "[::1]"].map(kind),
    Array(5).fill("network"),
  );
  assert.deepEqual(["runner.corp.example", "build-1", "bücher.example"].map(kind), Array(3).fill("name"));
  assert.deepEqual(
    ["10.0.0.0/33", "10.0.0", "a:80", "a b", "", "*.x", "0x7f.1"].map(kind),
    Array(7).fill("problem"),
  );
});
