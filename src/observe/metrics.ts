import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { schemes } from "../core/credential.ts";
import { errorKinds } from "../core/errors.ts";
import type { Events, RequestRecord } from "./events.ts";
import type { Health } from "./health.ts";

/** What the program holds at this moment; asked once for every scrape. */
export interface GaugeValues {
  /** Clients' connections, tunnels included. */
  readonly openConnections: number;
  readonly tunnels: number;
  readonly pools: readonly { readonly parent: string; readonly idle: number; readonly busy: number }[];
  readonly parents: Health["parents"];
}

export interface Metrics {
  readonly contentType: string;
  /** All metrics in Prometheus' text format. Rejects with what `gauges` threw. */
  text(): Promise<string>;
  /** Ends the subscriptions. */
  end(): void;
}

/**
 * Counts what happens, in a registry of its own. No label holds what a client chose (a target, an unknown
 * method): the number of series is bounded by the configuration.
 */
export function createMetrics(events: Events, gauges: () => GaugeValues): Metrics {
  const registry = new Registry();
  // The event loop's delay is sampled by a timer: the default of 10 ms wakes an idle host a hundred times a second.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 });
  const counters = defineCounters(registry);
  const held = defineGauges(registry);
  const ends = subscribe(events, counters);
  return {
    contentType: registry.contentType,
    async text() {
      setGauges(held, gauges());
      return registry.metrics();
    },
    end() {
      for (const end of ends) end();
    },
  };
}

/** Name, type, labels and meaning of Sallyport's own metrics, for docs/metrics.md. */
export function describeMetrics(): { name: string; type: string; labels: readonly string[]; help: string }[] {
  const registry = new Registry();
  const all = { ...defineCounters(registry), ...defineGauges(registry) };
  return Object.values(all).map((metric) => {
    // The declarations leave out what every metric holds.
    const { name, help, labelNames } = metric as unknown as {
      name: string;
      help: string;
      labelNames: string[];
    };
    const type = metric instanceof Counter ? "counter" : metric instanceof Gauge ? "gauge" : "histogram";
    return { name, type, labels: labelNames, help };
  });
}

type Counters = ReturnType<typeof defineCounters>;
type Gauges = ReturnType<typeof defineGauges>;

function defineCounters(registry: Registry) {
  const counter = <const T extends string>(name: string, help: string, labelNames: readonly T[] = []) =>
    new Counter({ name: `sallyport_${name}`, help, labelNames, registers: [registry] });
  const histogram = <const T extends string>(
    name: string,
    help: string,
    buckets: number[],
    labelNames: readonly T[],
  ) => new Histogram({ name: `sallyport_${name}`, help, labelNames, buckets, registers: [registry] });
  return {
    requests: counter("requests_total", "Requests and tunnels of clients that have ended.", [
      "method",
      "route",
      "status",
    ]),
    bytes: counter("bytes_total", "Bytes passed on: up from clients, down to them.", ["direction", "route"]),
    errors: counter("errors_total", "Requests that an error ended, by its code (docs/errors.md).", ["code"]),
    answer: histogram(
      "answer_seconds",
      "From a request's arrival to its answer's head.",
      [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      ["kind", "route"],
    ),
    roundTrips: histogram(
      "round_trips",
      "Requests sent to the parent or origin for one request of a client.",
      [0, 1, 2, 3, 4, 6],
      ["kind", "route"],
    ),
    opened: counter("upstream_connections_total", "TCP connections opened to serve requests.", ["route"]),
    accepted: counter("client_connections_total", "Connections that clients opened."),
    logons: counter("logons_total", "Proofs of a credential sent to a parent, by verdict.", [
      "parent",
      "scheme",
      "outcome",
    ]),
    logonTime: histogram(
      "logon_seconds",
      "How long a parent took to judge a proof.",
      [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      ["parent"],
    ),
    latched: counter("latched_total", "Times that logons were stopped to keep an account from being locked."),
    changes: counter("parent_changes_total", "Times that a parent went up or down.", ["parent", "state"]),
    reloads: counter("reloads_total", "Reloads of the configuration.", ["outcome"]),
    warnings: counter("warnings_total", "Warnings written to the log."),
  };
}

function defineGauges(registry: Registry) {
  const gauge = <const T extends string>(name: string, help: string, labelNames: readonly T[] = []) =>
    new Gauge({ name: `sallyport_${name}`, help, labelNames, registers: [registry] });
  return {
    connections: gauge("client_connections", "Connections of clients that are open, tunnels included."),
    tunnels: gauge("tunnels", "Tunnels that are open."),
    pool: gauge("pool_connections", "Authenticated connections to a parent.", ["parent", "state"]),
    up: gauge("parent_up", "1 while a parent is taken to be well, else 0.", ["parent"]),
  };
}

function subscribe(events: Events, counters: Counters): (() => void)[] {
  return [
    events.on("request", (record) => countRequest(counters, record)),
    events.on("connection-opened", () => counters.accepted.inc()),
    events.on("logon", ({ parent, scheme, accepted, ms }) => {
      const outcome = accepted ? "accepted" : "refused";
      counters.logons.inc({ parent, scheme: knownSchemes.has(scheme) ? scheme : "other", outcome });
      counters.logonTime.observe({ parent }, ms / 1000);
    }),
    events.on("latched", () => counters.latched.inc()),
    events.on("parent-state", ({ parent, up }) =>
      counters.changes.inc({ parent, state: up ? "up" : "down" }),
    ),
    events.on("reloaded", () => counters.reloads.inc({ outcome: "done" })),
    events.on("reload-failed", () => counters.reloads.inc({ outcome: "failed" })),
    events.on("warning", () => counters.warnings.inc()),
  ];
}

function countRequest(counters: Counters, record: RequestRecord): void {
  const route = routeOf(record.via);
  const kind = record.method === "CONNECT" ? "tunnel" : "request";
  const method = knownMethods.has(record.method) ? record.method : "other";
  counters.requests.inc({ method, route, status: statusClass(record.status) });
  if (record.bytesUp > 0) counters.bytes.inc({ direction: "up", route }, record.bytesUp);
  if (record.bytesDown > 0) counters.bytes.inc({ direction: "down", route }, record.bytesDown);
  if (record.error !== undefined)
    counters.errors.inc({ code: knownCodes.has(record.error) ? record.error : "other" });
  if (record.via === undefined) return;
  if (record.status > 0) counters.answer.observe({ kind, route }, record.answerMs / 1000);
  counters.roundTrips.observe({ kind, route }, record.roundTrips);
  if (record.connections > 0) counters.opened.inc({ route }, record.connections);
}

/** RFC 9110, section 9, and PATCH (RFC 5789): a client may send any other word. */
const knownMethods = new Set([
  ...["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"],
]);
const knownSchemes = new Set<string>(schemes);
const knownCodes = new Set(errorKinds.map((kind) => kind.code));

/** `none`: Sallyport answered by itself. */
function routeOf(via: string | undefined): "direct" | "parent" | "none" {
  if (via === undefined) return "none";
  return via === "direct" ? "direct" : "parent";
}

/** `none`: the client went away before there was an answer. */
function statusClass(status: number): string {
  return status >= 100 && status < 600 ? `${Math.floor(status / 100)}xx` : "none";
}

function setGauges(held: Gauges, now: GaugeValues): void {
  held.connections.set(now.openConnections);
  held.tunnels.set(now.tunnels);
  // A parent that a reload took away must not be reported for ever. A parent may have several pools: they add up.
  held.pool.reset();
  held.up.reset();
  for (const { parent, idle, busy } of now.pools) {
    held.pool.inc({ parent, state: "idle" }, idle);
    held.pool.inc({ parent, state: "busy" }, busy);
  }
  for (const { parent, up } of now.parents) held.up.set({ parent }, up ? 1 : 0);
}
