import assert from "node:assert/strict";
import { test } from "node:test";
import { format, inspect } from "node:util";
import { Secret } from "../../src/core/secret.ts";

test("a secret shows itself in no form of printing, logging or serialising", () => {
  const secret = new Secret("canary-7d1");
  const shown = [
    String(secret),
    `${secret}`,
    JSON.stringify({ secret, list: [secret] }),
    inspect(secret),
    inspect({ deep: { secret } }, { depth: 9, showHidden: true }),
    format("%s %o %j", secret, secret, secret),
    Object.entries(secret).join(),
    Object.getOwnPropertyNames(secret).join(),
  ];
  for (const text of shown) assert.ok(!text.includes("canary"), text);
  assert.equal(secret.reveal(), "canary-7d1");
});
