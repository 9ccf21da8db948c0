import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { createServer as createTcpServer, type Server, type Socket } from "node:net";
import { ListenError } from "../core/errors.ts";
import { makeCertificate } from "./certificate.ts";
import { answerOrigin } from "./origin-routes.ts";

export interface DemoOriginOptions {
  /** Names in the certificate besides `localhost` and `127.0.0.1`. */
  readonly names?: readonly string[];
  /** More paths, with what they hold: `/hello.git/HEAD`. */
  readonly files?: ReadonlyMap<string, Buffer>;
}

/** All on 127.0.0.1. */
export interface DemoOrigin {
  readonly http: { readonly port: number; readonly url: string };
  readonly https: { readonly port: number; readonly url: string };
  /** Raw TCP: answers `got N bytes` only when the client has ended its side. */
  readonly halfClosePort: number;
  /** Raw TCP: says `hello\n`, then echoes; the server speaks first. */
  readonly bannerPort: number;
  /** PEM: what clients must trust to reach `https`. */
  readonly certificate: string;
  /** Live. */
  readonly counters: { readonly connections: number; readonly requests: number };
  stop(): Promise<void>;
}

/**
 * A server on the far side of the company's proxy, in this process: HTTP, HTTPS with a certificate made at the start,
 * and two raw TCP services.
 * @throws ListenError
 */
export async function startDemoOrigin(options: DemoOriginOptions = {}): Promise<DemoOrigin> {
  const counters = { connections: 0, requests: 0 };
  const sockets = new Set<Socket>();
  const files = options.files ?? new Map<string, Buffer>();
  const { certificate, key } = makeCertificate(["localhost", "127.0.0.1", ...(options.names ?? [])]);
  const serve = (request: IncomingMessage, response: ServerResponse) => {
    counters.requests++;
    // A client that goes away in the middle is no fault of the origin.
    answerOrigin(request, response, files).catch(() => response.destroy());
  };
  const servers = [
    createHttpServer(serve),
    createHttpsServer({ cert: certificate, key }, serve),
    createTcpServer({ allowHalfOpen: true }, countToEnd),
    createTcpServer({ allowHalfOpen: true, noDelay: true }, greetAndEcho),
  ] as const;
  for (const server of servers)
    server.on("connection", (socket: Socket) => {
      counters.connections++;
      sockets.add(socket);
      socket.on("error", () => {});
      socket.once("close", () => sockets.delete(socket));
    });
  const [http, https, halfClosePort, bannerPort] = (await Promise.all(servers.map(listen))) as [
    number,
    number,
    number,
    number,
  ];
  return {
    http: { port: http, url: `http://127.0.0.1:${http}` },
    https: { port: https, url: `https://127.0.0.1:${https}` },
    halfClosePort,
    bannerPort,
    certificate,
    counters,
    async stop() {
      const closed = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
      for (const socket of sockets) socket.destroy();
      await Promise.all(closed);
    },
  };
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    const failed = (cause: Error) =>
      reject(new ListenError(`The embedded origin cannot listen on 127.0.0.1: ${cause.message}`, { cause }));
    server.once("error", failed).listen({ port: 0, host: "127.0.0.1", backlog: 1024 }, () => {
      server.off("error", failed);
      resolve((server.address() as { port: number }).port);
    });
  });
}

function countToEnd(socket: Socket): void {
  let bytes = 0;
  socket.on("data", (chunk) => {
    bytes += chunk.length;
  });
  socket.on("end", () => socket.end(`got ${bytes} bytes\n`));
}

function greetAndEcho(socket: Socket): void {
  socket.write("hello\n");
  socket.pipe(socket);
}
