import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { hostname } from "node:os";
import { InternalError } from "../core/errors.ts";
import { type Health, judgeHealth } from "./health.ts";
import { listenOn, type ServiceAddress } from "./listen-on.ts";
import type { Metrics } from "./metrics.ts";
import { isOwnHost } from "./own-host.ts";

export interface MetricsServer {
  /** `127.0.0.1:9128`, `[::1]:9128`, or the socket's path. */
  readonly address: string;
  /** Closes the listener and what is open; a second call waits for the first. */
  close(): Promise<void>;
}

export interface MetricsServerOptions {
  readonly listen: ServiceAddress;
  readonly metrics: Metrics;
  readonly health: () => Health;
  /** Told when the metrics cannot be collected: the scraper learns no more than that. */
  readonly onError?: (error: unknown) => void;
}

/**
 * Serves `/metrics` (Prometheus) and `/healthz` (JSON: 200 or 503) on an address of its own.
 * A browser that a web page sent here by a name of its own (DNS rebinding) is refused with 421.
 * @throws ListenError when the address cannot be bound
 */
export async function startMetricsServer(options: MetricsServerOptions): Promise<MetricsServer> {
  const { listen } = options;
  const server = createServer(serverLimits, (request, response) => {
    request.on("error", () => {});
    response.on("error", () => {});
    answer(request, response, options).catch((error: unknown) => {
      options.onError?.(error);
      const hint = "The log of Sallyport has the cause.";
      send(response, 500, "text/plain", `The metrics cannot be collected. ${hint}\n`);
    });
  });
  server.maxConnections = 64;
  server.maxRequestsPerSocket = 1000;
  server.on("clientError", (_error, socket) => {
    socket.on("error", () => {});
    if (socket.writable)
      socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    else socket.destroy();
  });
  // CONNECT has a way of its own through node:http, with a bare socket.
  server.on("connect", (_request, socket) => {
    socket.on("error", () => {});
    socket.end(
      "HTTP/1.1 405 Method Not Allowed\r\nAllow: GET\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
    );
  });
  const address = await listenOn(server, listen);
  let closing: Promise<void> | undefined;
  return { address, close: () => (closing ??= closeServer(server)) };
}

/** Small: the only visitors are a scraper and a probe. Times in milliseconds. */
const serverLimits = {
  maxHeaderSize: 8 * 1024,
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 15_000,
  connectionsCheckingInterval: 2_000,
} as const;

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { listen, metrics, health }: MetricsServerOptions,
): Promise<void> {
  if (listen.kind === "address" && !isOwnHost(request.headers.host, [listen.host, hostname()])) {
    const names = "an IP address, localhost, this host's name or the name it listens on";
    return send(response, 421, "text/plain", `This server is asked by ${names}.\n`);
  }
  const path = (request.url ?? "").split("?", 1)[0];
  if (path !== "/metrics" && path !== "/healthz")
    return send(response, 404, "text/plain", "Here are /metrics and /healthz.\n");
  if (request.method !== "GET") {
    response.setHeader("Allow", "GET");
    // A body may follow that nobody reads.
    response.setHeader("Connection", "close");
    return send(response, 405, "text/plain", "Only GET is answered.\n");
  }
  if (path === "/metrics") return send(response, 200, metrics.contentType, await metrics.text());
  const { status, body } = judgeHealth(health());
  return send(response, status, "application/json", `${JSON.stringify(body)}\n`);
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  if (response.headersSent) return void response.destroy(new InternalError("An answer was begun twice."));
  response.writeHead(status, {
    "Content-Type": type,
    "Content-Length": Buffer.byteLength(body),
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'",
  });
  response.end(body);
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
