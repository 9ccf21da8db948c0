import assert from "node:assert/strict";
import { test } from "node:test";
import { Events, type RequestRecord } from "../../src/observe/events.ts";
import { createMetrics, describeMetrics, type GaugeValues } from "../../src/observe/metrics.ts";

const record: RequestRecord = {
  id: 1,
  client: "172.17.0.2",
  method: "CONNECT",
  target: "secret-project.example.org:443",
  via: "10.0.0.1:8080",
  status: 200,
  bytesUp: 100,
  bytesDown: 2000,
  answerMs: 30,
  ms: 40,
  roundTrips: 1,
  connections: 0,
};
const nothing: GaugeValues = { openConnections: 0, tunnels: 0, pools: [], parents: [] };

test("requests, bytes, errors, logons and round trips are counted", async (t) => {
  const events = new Events();
  const metrics = createMetrics(events, () => nothing);
  t.after(() => metrics.end());
  events.emit("request", record);
  events.emit("request", { ...record, method: "GET", via: "direct", status: 404, connections: 2 });
  events.emit("request", { ...record, via: undefined, status: 502, error: "SP_CONNECT", bytesUp: 0 });
  events.emit("request", { ...record, method: "GET", status: 0 });
  const logon = { parent: "10.0.0.1:8080", identity: "CORP\\bob", scheme: "ntlm", ms: 20 };
  events.emit("logon", { ...logon, accepted: true });
  events.emit("logon", { ...logon, accepted: false });
  events.emit("latched", { identity: "CORP\\bob", reason: "refused" });
  events.emit("connection-opened", { client: "172.17.0.2" });
  const text = await metrics.text();
  for (const line of [
    'sallyport_requests_total{method="CONNECT",route="parent",status="2xx"} 1',
    'sallyport_requests_total{method="GET",route="direct",status="4xx"} 1',
    'sallyport_requests_total{method="CONNECT",route="none",status="5xx"} 1',
    'sallyport_requests_total{method="GET",route="parent",status="none"} 1',
    'sallyport_bytes_total{direction="up",route="parent"} 200',
    'sallyport_bytes_total{direction="down",route="direct"} 2000',
    'sallyport_errors_total{code="SP_CONNECT"} 1',
    'sallyport_round_trips_count{kind="tunnel",route="parent"} 1',
    'sallyport_answer_seconds_sum{kind="tunnel",route="parent"} 0.03',
    'sallyport_upstream_connections_total{route="direct"} 2',
    'sallyport_logons_total{parent="10.0.0.1:8080",scheme="ntlm",outcome="accepted"} 1',
    'sallyport_logons_total{parent="10.0.0.1:8080",scheme="ntlm",outcome="refused"} 1',
    'sallyport_logon_seconds_count{parent="10.0.0.1:8080"} 2',
    "sallyport_latched_total 1",
    "sallyport_client_connections_total 1",
  ])
    assert.ok(text.split("\n").includes(line), `${line}\n${text}`);
  assert.match(text, /^process_resident_memory_bytes \d/m);
  // Neither who nor where to.
  assert.doesNotMatch(text, /secret-project|bob|172\.17/);
});

test("gauges are what the program holds at the scrape, and a parent that went is forgotten", async (t) => {
  let now: GaugeValues = {
    openConnections: 7,
    tunnels: 3,
    pools: [
      { parent: "a:1", idle: 2, busy: 1 },
      { parent: "a:1", idle: 3, busy: 0 },
    ],
    parents: [
      { parent: "a:1", up: true },
      { parent: "b:1", up: false },
    ],
  };
  const metrics = createMetrics(new Events(), () => now);
  t.after(() => metrics.end());
  const first = await metrics.text();
  assert.match(first, /^sallyport_client_connections 7$/m);
  assert.match(first, /^sallyport_tunnels 3$/m);
  assert.match(first, /^sallyport_pool_connections\{parent="a:1",state="idle"\} 5$/m);
  assert.match(first, /^sallyport_pool_connections\{parent="a:1",state="busy"\} 1$/m);
  assert.match(first, /^sallyport_parent_up\{parent="b:1"\} 0$/m);
  now = { ...nothing, parents: [{ parent: "a:1", up: false }] };
  const second = await metrics.text();
  assert.match(second, /^sallyport_parent_up\{parent="a:1"\} 0$/m);
  assert.doesNotMatch(second, /b:1|sallyport_pool_connections\{/);
});

test("clients cannot make new series", async (t) => {
  const events = new Events();
  const metrics = createMetrics(events, () => nothing);
  t.after(() => metrics.end());
  const own = async () =>
    (await metrics.text()).split("\n").filter((line) => /^sallyport_/.test(line)).length;
  const send = (from: number) => {
    for (let i = from; i < from + 200; i++)
      events.emit("request", {
        ...record,
        client: `10.0.0.${i}`,
        method: `M${i}`,
        target: `host${i}:443`,
        status: 1000 + i,
        error: `E${i}`,
      });
  };
  send(0);
  const before = await own();
  send(200);
  assert.equal(await own(), before);
  assert.match(
    await metrics.text(),
    /sallyport_requests_total\{method="other",route="parent",status="none"\} 400/,
  );
});

test("after its end nothing is counted any more", async () => {
  const events = new Events();
  const metrics = createMetrics(events, () => nothing);
  metrics.end();
  assert.equal(events.has("request"), false);
});

test("every metric is described for the docs, with the names that a scrape shows", async (t) => {
  const metrics = createMetrics(new Events(), () => nothing);
  t.after(() => metrics.end());
  const shown = [...(await metrics.text()).matchAll(/^# TYPE (sallyport_\w+) (\w+)$/gm)];
  assert.deepEqual(
    describeMetrics().map((one) => [one.name, one.type]),
    shown.map(([, name, type]) => [name, type]),
  );
  assert.deepEqual(describeMetrics().find((one) => one.name === "sallyport_requests_total")?.labels, [
    "method",
    "route",
    "status",
  ]);
});
