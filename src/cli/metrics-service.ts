import type { Settings } from "../config/settings.ts";
import { asSallyportError } from "../core/errors.ts";
import type { Events } from "../observe/events.ts";
import type { Log } from "../observe/log.ts";
import { createMetrics, type Metrics } from "../observe/metrics.ts";
import { type MetricsServer, startMetricsServer } from "../observe/metrics-server.ts";
import type { ProxyServer } from "../proxy/server.ts";

/** /metrics and /healthz, on the address that the configuration of the moment names. The counts go on over reloads. */
export class MetricsService {
  readonly #server: ProxyServer;
  readonly #events: Events;
  readonly #log: Log;
  #metrics: Metrics | undefined;
  #served: MetricsServer | undefined;
  #listen = "";
  #state: "starting" | "ready" | "stopping" = "starting";

  constructor(server: ProxyServer, events: Events, log: Log) {
    this.#server = server;
    this.#events = events;
    this.#log = log;
    events.on("ready", () => {
      this.#state = "ready";
    });
    events.on("stopping", () => {
      this.#state = "stopping";
    });
  }

  /**
   * Serves where these settings say; nothing is done when that is where it serves already.
   * @throws ListenError, and then the old address goes on
   */
  async follow({ metrics: { listen } }: Settings): Promise<void> {
    const wanted = JSON.stringify(listen ?? null);
    if (wanted === this.#listen) return;
    const before = this.#served;
    this.#served = listen === undefined ? undefined : await this.#start(listen);
    this.#listen = wanted;
    await before?.close();
  }

  async close(): Promise<void> {
    await this.#served?.close();
  }

  async #start(listen: NonNullable<Settings["metrics"]["listen"]>): Promise<MetricsServer> {
    this.#metrics ??= createMetrics(this.#events, () => this.#server.gauges());
    const served = await startMetricsServer({
      listen,
      metrics: this.#metrics,
      health: () => ({
        ready: this.#state === "ready",
        stopping: this.#state === "stopping",
        parents: this.#server.gauges().parents,
      }),
      onError: (error) =>
        this.#log.error("the metrics cannot be collected", { reason: asSallyportError(error).message }),
    });
    this.#log.info("metrics", { address: served.address });
    return served;
  }
}
