import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTcpServer, type Socket } from "node:net";
import type { TestContext } from "node:test";
import type { RequestRecord } from "../../src/observe/events.ts";
import { ProxyServer } from "../../src/proxy/server.ts";
import type { Environment } from "../../src/routing/environment.ts";
import { recordingEvents } from "../parents/identity.ts";
import { makeSettings, type SettingsTest } from "./settings.ts";

/** The proxy in this process, with all that it tells; stopped after the test. */
export async function startProxy(t: TestContext, input: SettingsTest & { environment?: Environment } = {}) {
  const settings = makeSettings(t, input);
  const recorded = recordingEvents();
  const server = new ProxyServer(settings, recorded.events, input.environment ?? {});
  t.after(() => server.end());
  await server.start();
  const addresses = server.addresses();
  return {
    server,
    settings,
    addresses,
    /** Where it listens first, as `connect` of node:net wants it. */
    at: placeOf(addresses[0]!),
    /** One for each request that has ended. */
    requests: () =>
      recorded.told.flatMap((one): (RequestRecord & { name: string })[] =>
        one.name === "request" ? [one] : [],
      ),
    warnings: () => recorded.told.flatMap((one) => (one.name === "warning" ? [one.message] : [])),
    ...recorded,
  };
}

export type Place = { readonly path: string } | { readonly host: string; readonly port: number };

/** `127.0.0.1:3128`, `[::1]:3128`, `unix:/path`. */
export function placeOf(address: string): Place {
  if (address.startsWith("unix:")) return { path: address.slice(5) };
  const [, host = "", port] = /^\[?(.*?)\]?:(\d+)$/.exec(address)!;
  return { host, port: Number(port) };
}

export interface OriginRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** An origin that keeps what it got. Default: it answers with the method, the path and the body's length. */
export async function startOrigin(
  t: TestContext,
  serve: (request: IncomingMessage, response: ServerResponse, body: () => Promise<string>) => unknown = (
    request,
    response,
    body,
  ) => body().then((text) => response.end(`${request.method} ${request.url} ${text.length}`)),
  host = "127.0.0.1",
) {
  const requests: OriginRequest[] = [];
  const seen = { connections: 0 };
  const server = createServer((request, response) => {
    let body = "";
    const whole = new Promise<string>((resolve) => request.on("end", () => resolve(body)));
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      requests.push({ method, url, headers, body });
    });
    request.on("error", () => {});
    void serve(request, response, () => whole);
  });
  server.on("connection", () => seen.connections++);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as { port: number };
  const authority = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  return { port, authority, url: `http://${authority}`, requests, seen, server };
}

/** A raw TCP service. Default: it echoes, and ends when its client has. */
export async function startService(
  t: TestContext,
  serve: (socket: Socket) => unknown = (socket) => socket.pipe(socket),
  host = "127.0.0.1",
) {
  const sockets = new Set<Socket>();
  const server = createTcpServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen({ port: 0, host, backlog: 2048 }, resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as { port: number };
  return { port, authority: host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`, sockets };
}
