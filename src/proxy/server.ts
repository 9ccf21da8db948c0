import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import type { ListenAddress, Settings } from "../config/settings.ts";
import { asSallyportError, ConfigError } from "../core/errors.ts";
import type { Events } from "../observe/events.ts";
import type { GaugeValues } from "../observe/metrics.ts";
import type { Environment } from "../routing/environment.ts";
import { acceptWire, canAdopt } from "../wire/accept.ts";
import type { Wire } from "../wire/wire.ts";
import { serveClient } from "./client.ts";
import { Interfaces } from "./interfaces.ts";
import { Listeners } from "./listeners.ts";
import { makeContext, type OwnedContext } from "./make-context.ts";
import { isOwnListener } from "./own-listener.ts";

/** The proxy: listeners → gate → route → relay. One for each process. */
export class ProxyServer {
  readonly events: Events;
  readonly #environment: Environment;
  readonly #listeners: Listeners;
  readonly #interfaces = new Interfaces();
  readonly #clients = new Set<Wire>();
  readonly #pseudonym = `sallyport-${randomBytes(4).toString("hex")}`;
  readonly #stop = new AbortController();
  #settings: Settings;
  #context: OwnedContext;
  #draining = false;
  readonly #counts = { tunnels: 0 };

  /** @throws ConfigError when the settings cannot work together with the environment */
  constructor(settings: Settings, events: Events, environment: Environment = {}) {
    this.events = events;
    this.#environment = environment;
    this.#settings = settings;
    this.#context = this.#makeContext(settings);
    this.#listeners = new Listeners({
      events,
      onConnection: (socket, listener) => this.#accept(socket, listener),
    });
  }

  /**
   * Listens. Done when every address that exists is bound.
   * @throws ListenError or ConfigError, and then nothing is bound
   */
  async start(): Promise<void> {
    if (!(await canAdopt()))
      this.events.emit("warning", {
        message:
          "This Node.js does not let accepted connections read into a reused buffer: uploads cost more CPU",
      });
    await this.#context.start(this.#stop.signal);
    await this.#listeners.open(this.#settings.proxy.listen, this.#stop.signal);
    const loop = this.#loop();
    if (loop) {
      this.end();
      throw loop;
    }
    this.events.emit("ready", { addresses: this.#listeners.addresses() });
  }

  /** The addresses that are bound now. */
  addresses(): string[] {
    return this.#listeners.addresses();
  }

  /**
   * Takes over other settings: requests and tunnels that run go on as they began.
   * @throws ConfigError or ListenError, and then everything stays as it was
   */
  async reload(settings: Settings): Promise<void> {
    const next = this.#makeContext(settings, this.#context);
    try {
      await next.start(this.#stop.signal);
      await this.#listeners.update(settings.proxy.listen);
    } catch (error) {
      next.close();
      throw error;
    }
    const before = this.#context;
    this.#context = next;
    this.#settings = settings;
    before.close();
    const loop = this.#loop();
    if (loop) this.events.emit("warning", { message: loop.message, hint: loop.hint ?? "" });
    this.events.emit("reloaded", { file: settings.file });
  }

  /** Stops listening, lets what runs end by itself for as long as the settings say, then ends it. */
  async stop(signalName: string): Promise<void> {
    if (this.#draining) return this.end();
    this.#draining = true;
    this.#listeners.close();
    this.events.emit("stopping", { signal: signalName, open: this.#clients.size });
    const quiet = new Promise<void>((resolve) => {
      const look = () => this.#clients.size === 0 && resolve();
      for (const wire of this.#clients) wire.whenClosed(() => setImmediate(look));
      look();
    });
    // Clients between two requests would keep their connection for a minute.
    for (const wire of this.#clients) if (this.#waiting.has(wire)) wire.destroy();
    const limit = setTimeout(() => this.end(), this.#settings.proxy.timeouts.stop);
    await quiet;
    clearTimeout(limit);
    this.end();
  }

  /** Ends everything now. */
  end(): void {
    this.#draining = true;
    this.#listeners.close();
    this.#stop.abort(new Error("the proxy stops"));
    for (const wire of this.#clients) wire.destroy();
    this.#context.close();
  }

  gauges(): GaugeValues {
    const parents = this.#context.allParents().flatMap((set) => set.list);
    return {
      openConnections: this.#clients.size,
      tunnels: this.#counts.tunnels,
      pools: parents.map((one) => ({ parent: one.name, idle: one.idle, busy: one.busy })),
      parents: parents.map((one) => ({ parent: one.name, up: one.health.up, latched: one.latched })),
    };
  }

  /** Clients whose next request has not begun. */
  readonly #waiting = new Set<Wire>();

  #accept(socket: Socket, listener: ListenAddress): void {
    const wire = acceptWire(socket);
    if (this.#clients.size >= this.#settings.proxy.limits.connections) {
      this.events.emit("warning", {
        message: `${this.#clients.size} connections are open: a new one was turned away`,
      });
      wire.reset();
      return;
    }
    this.#clients.add(wire);
    const client =
      listener.kind === "unix"
        ? ({ kind: "unix" } as const)
        : ({ kind: "tcp", address: wire.socket.remoteAddress } as const);
    const name = client.kind === "unix" ? "unix" : (client.address ?? "gone");
    this.events.emit("connection-opened", { client: name });
    wire.whenClosed(() => {
      this.#clients.delete(wire);
      this.#waiting.delete(wire);
      this.events.emit("connection-closed", { client: name });
    });
    const idle = (waiting: boolean) => void (waiting ? this.#waiting.add(wire) : this.#waiting.delete(wire));
    serveClient(wire, client, () => this.#context, idle).catch((thrown: unknown) => {
      const error = asSallyportError(thrown);
      this.events.emit("warning", {
        message: `A connection was ended: ${error.message}`,
        ...(error.hint ? { hint: error.hint } : {}),
      });
      wire.destroy();
    });
  }

  #makeContext(settings: Settings, previous?: OwnedContext): OwnedContext {
    return makeContext(settings, {
      events: this.events,
      environment: this.#environment,
      interfaces: this.#interfaces,
      pseudonym: this.#pseudonym,
      isOwnListener: (address, port) => this.#isOwnListener(address, port),
      counts: this.#counts,
      draining: () => this.#draining,
      previous,
    });
  }

  #isOwnListener(address: string, port: number): boolean {
    return isOwnListener(this.#listeners.addresses(), address, port, this.#interfaces);
  }

  /** A parent that is this proxy: the addresses of interface listeners are known only now. */
  #loop(): ConfigError | undefined {
    const own = this.#settings.proxy.parents.find(({ host, port }) => this.#isOwnListener(host, port));
    if (own === undefined) return undefined;
    return new ConfigError(
      `The parent ${own.host}:${own.port} is this proxy itself: every request would come back`,
      {
        hint: "Name the company's proxy as the parent.",
      },
    );
  }
}
