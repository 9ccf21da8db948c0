import assert from "node:assert/strict";
import { test } from "node:test";
import { detectKind } from "../../src/config/file-kind.ts";

for (const [text, kind] of [
  ["", "toml"],
  ['[proxy]\nlisten = ["127.0.0.1:3128"]\n', "toml"],
  ['proxy.listen = "x"', "toml"],
  ['[[proxy.parent]]\nurl = "http://x:1"', "toml"],
  ['[proxy]\nlisten ["127.0.0.1:3128"]\ngateway = true\n', "toml"],
  ["Username\ttestuser\r\nDomain corp\r\nProxy 10.0.0.1:8080\r\n", "cntlm"],
  ["\uFEFFUsername testuser", "cntlm"],
  ["# proxy = x\n[proxy]\nPROXY 10.0.0.1:8080\nListen 3128\n", "cntlm"],
  ["Proxy=10.0.0.1:8080\nUsername u\nListen 3128\n", "cntlm"],
] as const)
  test(`${JSON.stringify(text)} is ${kind}, whatever the file is called`, () => {
    assert.equal(detectKind(text), kind);
  });
