/** A client that opens tunnels: as little of its own as can be, so that the proxy is what is measured. */
import { connect, createServer, type Socket } from "node:net";
import type { Stage } from "./benchmark.ts";

export interface Tunnel {
  readonly socket: Socket;
  /** Milliseconds from the first packet to the answer's head. */
  readonly ms: number;
  readonly status: number;
}

export interface TunnelOptions {
  /** Milliseconds until it counts as failed, with status 0. */
  readonly limit?: number;
  readonly headers?: string;
}

/** Opens one tunnel. Never rejects: what failed has a status other than 200, and 0 when there was no answer. */
export async function openTunnel(
  port: number,
  authority: string,
  options: TunnelOptions = {},
): Promise<Tunnel> {
  return await new Promise((resolve) => {
    const started = performance.now();
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    let head = "";
    const done = (status: number) => {
      clearTimeout(limit);
      socket.off("data", read).off("close", gone);
      resolve({ socket, ms: performance.now() - started, status });
    };
    const gone = () => done(0);
    const read = (chunk: Buffer) => {
      head += chunk.toString("latin1");
      if (head.includes("\r\n\r\n")) done(Number(head.split(" ", 2)[1]));
    };
    const limit = setTimeout(() => {
      done(0);
      socket.destroy();
    }, options.limit ?? 60_000);
    socket.on("error", () => {});
    socket.on("close", gone).on("data", read);
    socket.write(
      `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${options.headers ?? ""}\r\n`,
      "latin1",
    );
  });
}

/** Sends a line through a tunnel. @returns whether it came back within the limit */
export async function echoes(socket: Socket, limit: number): Promise<boolean> {
  if (socket.destroyed) return false;
  return await new Promise((resolve) => {
    const done = (works: boolean) => {
      clearTimeout(timer);
      socket.off("data", read).off("close", gone);
      resolve(works);
    };
    const read = (chunk: Buffer) => done(chunk.toString("latin1") === "echo\n");
    const gone = () => done(false);
    const timer = setTimeout(gone, limit);
    socket.on("data", read).on("close", gone);
    socket.write("echo\n");
  });
}

/** Whether something accepts connections there. */
export async function connects(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => setTimeout(() => resolve(false), 2));
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });
}

/** A server that sends back what it gets, on an address that no default exception names. @returns its `host:port` */
export async function startEcho(stage: Stage): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    socket.on("data", (chunk) => socket.write(chunk));
  });
  await new Promise<void>((resolve) => server.listen({ port: 0, host: ADDRESS, backlog: 4096 }, resolve));
  stage.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return `${ADDRESS}:${(server.address() as { port: number }).port}`;
}

const ADDRESS = "127.0.10.80";
