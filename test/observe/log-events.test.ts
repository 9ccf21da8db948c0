import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Events, type RequestRecord } from "../../src/observe/events.ts";
import type { Log } from "../../src/observe/log.ts";
import { logEvents } from "../../src/observe/log-events.ts";

type Line = [level: string, message: string, fields: Record<string, unknown>];

function listen(access = false) {
  const lines: Line[] = [];
  const at =
    (level: string): Log["info"] =>
    (message, fields) =>
      lines.push([level, message, { ...fields }]);
  const log: Log = {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    enabled: () => true,
    setLevel: () => {},
  };
  const events = new Events();
  return { events, lines, end: logEvents(events, log, { access }) };
}

const record: RequestRecord = {
  id: 1,
  client: "172.17.0.2",
  method: "CONNECT",
  target: "example.org:443",
  via: "10.0.0.1:8080",
  status: 200,
  bytesUp: 1,
  bytesDown: 2,
  answerMs: 3,
  ms: 4,
  roundTrips: 1,
  connections: 0,
};
const failed: RequestRecord = { ...record, status: 502, error: "SP_CONNECT" };

test("what happens is told at the level it deserves", () => {
  const { events, lines } = listen();
  events.emit("listening", { address: "127.0.0.1:3128", listener: "127.0.0.1:3128" });
  events.emit("waiting", { listener: "docker0:3128" });
  events.emit("ready", { addresses: ["127.0.0.1:3128"] });
  events.emit("parent-state", { parent: "p:1", up: false, reason: "no answer" });
  events.emit("parent-state", { parent: "p:1", up: true, reason: "answers again" });
  const logon = { parent: "p:1", identity: "CORP\\bob", scheme: "ntlm", ms: 5 };
  events.emit("logon", { ...logon, accepted: true });
  events.emit("logon", { ...logon, accepted: false });
  events.emit("reload-failed", { file: "f", message: "2 mistakes", hint: "run sallyport check" });
  events.emit("warning", { message: "open to all", hint: "set allow" });
  events.emit("debug", { message: "pool grew", detail: { idle: 4 } });
  events.emit("stopping", { signal: "SIGTERM", open: 3 });
  assert.deepEqual(
    lines.map(([level, message]) => `${level} ${message}`),
    [
      "info listening",
      "info waiting",
      "info ready",
      "warn parent down",
      "info parent up",
      "debug logon accepted",
      "warn logon refused",
      "error reload failed, the settings from before stay in force",
      "warn open to all",
      "debug pool grew",
      "info stopping",
    ],
  );
});

test("a latched credential is told once, loudly and with the mend, until it works again or is reloaded", () => {
  const { events, lines } = listen();
  const latched = { identity: "CORP\\bob", reason: "refused twice" };
  for (let i = 0; i < 1000; i++) events.emit("latched", latched);
  assert.equal(lines.length, 1);
  const [level, message, fields] = lines[0]!;
  assert.equal(level, "error");
  assert.match(message, /REFUSED/);
  assert.match(String(fields.hint), /reload/);
  events.emit("reloaded", { file: undefined });
  events.emit("latched", { ...latched, hint: "ask the desk" });
  assert.equal(lines.at(-1)![2].hint, "ask the desk");
});

test("with access on, every request has one line", () => {
  const { events, lines } = listen(true);
  events.emit("request", record);
  events.emit("request", failed);
  assert.deepEqual(lines, [
    ["info", "request", { ...record }],
    ["info", "request", { ...failed }],
  ]);
});

test("with access off, failed requests have one line in ten seconds for each error and way out, with a count", (t) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  const { events, lines, end } = listen();
  const brief = () => lines.splice(0).map(([, message, fields]) => [message, fields.code, fields.suppressed]);

  events.emit("request", record);
  assert.deepEqual(brief(), []);
  for (let i = 0; i < 5; i++) events.emit("request", failed);
  events.emit("request", { ...failed, error: "SP_RESOLVE" });
  assert.deepEqual(brief(), [
    ["request failed", "SP_CONNECT", undefined],
    ["request failed", "SP_RESOLVE", undefined],
  ]);

  mock.timers.tick(10_000);
  assert.deepEqual(brief(), [["more requests failed", "SP_CONNECT", 4]]);

  // The line with the count opened an interval of its own.
  events.emit("request", failed);
  assert.deepEqual(brief(), []);
  mock.timers.tick(10_000);
  assert.deepEqual(brief(), [["more requests failed", "SP_CONNECT", 1]]);

  mock.timers.tick(10_000);
  events.emit("request", failed);
  events.emit("request", failed);
  end();
  assert.deepEqual(brief(), [
    ["request failed", "SP_CONNECT", undefined],
    ["more requests failed", "SP_CONNECT", 1],
  ]);
  events.emit("request", failed);
  assert.deepEqual(brief(), []);
});
