import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { Secret } from "../../src/core/secret.ts";
import { createLog, type LogLevel } from "../../src/observe/log.ts";

function open(
  format: "auto" | "json" | "pretty",
  isTerminal: boolean,
  env: NodeJS.ProcessEnv = {},
  level: LogLevel = "info",
) {
  const stream = new PassThrough();
  const log = createLog({ level, format }, { stream, isTerminal, env });
  return { log, stream, text: () => String(stream.read() ?? "") };
}

test("the line that says a listener is ready keeps its shape", () => {
  const { log, text } = open("auto", false);
  log.info("listening", { address: "127.0.0.1:3128" });
  assert.match(
    text(),
    /^\{"level":"info","time":"\d{4}-\d\d-\d\dT[\d:.]+Z","msg":"listening","address":"127\.0\.0\.1:3128"\}\n$/,
  );
});

test("a terminal gets readable lines, with colour unless NO_COLOR or a dumb terminal says no", () => {
  const shown = (env: NodeJS.ProcessEnv, terminal = true) => {
    const { log, text } = open(terminal ? "auto" : "pretty", terminal, env);
    log.warn("parent down", { parent: "10.0.0.1:8080", reason: "no answer" });
    return text();
  };
  assert.match(shown({}), /\x1b\[33mWARN/);
  for (const plain of [shown({ NO_COLOR: "1" }), shown({ TERM: "dumb" }), shown({}, false)])
    assert.match(
      plain,
      /^\[\d\d:\d\d:\d\d\.\d{3}\] WARN: parent down parent=10\.0\.0\.1:8080 reason="no answer"\n$/,
    );
  assert.match(shown({ NO_COLOR: "" }), /\x1b\[33mWARN/);
});

test("JSON is written to a terminal when it is asked for", () => {
  const { log, text } = open("json", true);
  log.info("ready");
  assert.equal(JSON.parse(text()).msg, "ready");
});

test("strings from the network can neither forge a line nor drive the terminal", () => {
  const evil = 'a\n{"level":"error","msg":"forged"}\r\x1b]0;title\x07\x1b[2J\u009b31m';
  for (const format of ["json", "pretty"] as const) {
    const { log, text } = open(format, false);
    log.info(evil, {
      host: evil,
      [evil]: evil,
      list: [evil],
      name: evil,
      hostname: evil,
      stack: evil,
      hint: evil,
    });
    const lines = text();
    assert.equal(lines.split("\n").length, 2, lines);
    assert.doesNotMatch(lines.trimEnd(), /[\u0000-\u001f\u007f-\u009f]/);
  }
});

test("no secret is written in either format", () => {
  for (const format of ["json", "pretty"] as const) {
    const { log, text } = open(format, true, {}, "debug");
    log.error("cannot reach http://bob:hunter2@proxy", {
      credential: { username: "bob", password: new Secret("hunter2") },
      error: new Error("proxy http://bob:hunter2@proxy", { cause: new Secret("hunter2") }),
      headers: { "proxy-authorization": "Basic hunter2" },
    });
    const line = text();
    assert.doesNotMatch(line, /hunter2/);
    assert.match(line, /bob:\*\*\*@proxy/);
  }
});

test("levels are honoured and can be changed while running", () => {
  const { log, text } = open("json", false);
  log.debug("one");
  assert.equal(log.enabled("debug"), false);
  log.setLevel("debug");
  log.debug("two");
  log.setLevel("error");
  log.warn("three");
  assert.equal(JSON.parse(text()).msg, "two");
});

test("stacks are written at level debug only", () => {
  for (const level of ["info", "debug"] as const) {
    const { log, text } = open("json", false, {}, level);
    log.error("failed", { error: new Error("boo") });
    const { error } = JSON.parse(text());
    assert.equal(error.message, "boo");
    assert.equal(Array.isArray(error.stack), level === "debug");
  }
});

test("a stream that breaks does not end the process", () => {
  const { log, stream } = open("json", false);
  stream.destroy(new Error("EPIPE"));
  log.info("after");
});
