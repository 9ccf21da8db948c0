import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { acceptWire } from "../../src/wire/accept.ts";
import type { Wire, WireReader } from "../../src/wire/wire.ts";

export type Way = "adopted" | "fallback";
export type Kind = "tcp" | "unix";

/** Every way in which a wire can get its bytes: the same tests hold for all. */
export const matrix: readonly { way: Way; kind: Kind; name: string }[] = (
  ["adopted", "fallback"] as const
).flatMap((way) => (["tcp", "unix"] as const).map((kind) => ({ way, kind, name: `${way}, ${kind}` })));

export interface Pair {
  /** The side under test: a socket that a server accepted. */
  readonly wire: Wire;
  /** The other side, as Node.js gives it; not reading yet. */
  readonly peer: Socket;
}

/** Makes pairs of connected sockets. Everything is closed when the test ends. */
export async function pairs(context: TestContext, kind: Kind, way: Way): Promise<() => Promise<Pair>> {
  const open = new Set<{ destroy(): unknown }>();
  const waiting: ((wire: Wire) => void)[] = [];
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (socket) => {
    const wire = acceptWire(socket, way === "adopted");
    open.add(wire);
    wire.whenClosed(() => open.delete(wire));
    waiting.shift()?.(wire);
  });
  const address = await listen(context, server, kind);
  context.after(() => {
    for (const one of open) one.destroy();
  });
  return async () => {
    const accepted = new Promise<Wire>((resolve) => waiting.push(resolve));
    const peer = connect({ ...address, allowHalfOpen: true, noDelay: true });
    peer.on("error", () => {});
    open.add(peer);
    peer.on("close", () => open.delete(peer));
    await once(peer, "connect");
    return { wire: await accepted, peer };
  };
}

/** Listens on port 0 of the loopback, or on a Unix socket of its own. */
export async function listen(
  context: TestContext,
  server: Server,
  kind: Kind = "tcp",
): Promise<{ host: string; port: number } | { path: string }> {
  context.after(() => void server.close());
  if (kind === "unix") {
    const folder = mkdtempSync(join(tmpdir(), "sallyport-"));
    context.after(() => rmSync(folder, { recursive: true }));
    const path = join(folder, "s");
    server.listen(path);
    await once(server, "listening");
    return { path };
  }
  server.listen({ port: 0, host: "127.0.0.1", backlog: 1024 });
  await once(server, "listening");
  return { host: "127.0.0.1", port: (server.address() as { port: number }).port };
}

/** A reader that keeps a copy of all it is given. */
export class Collected implements WireReader {
  #parts: Buffer[] = [];
  #waiting: (() => void)[] = [];
  length = 0;
  ends = 0;

  data(bytes: Buffer): number {
    this.#parts.push(Buffer.from(bytes));
    this.length += bytes.length;
    this.#wake();
    return bytes.length;
  }

  end(): void {
    this.ends++;
    this.#wake();
  }

  get text(): string {
    return Buffer.concat(this.#parts).toString("latin1");
  }

  /** Waits for at least so many bytes. */
  async atLeast(length: number): Promise<string> {
    while (this.length < length) await this.#next();
    return this.text;
  }

  async ended(): Promise<string> {
    while (this.ends === 0) await this.#next();
    return this.text;
  }

  #next(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const one of waiting) one();
  }
}

export function closed(wire: Wire): Promise<Error | undefined> {
  return new Promise((resolve) => wire.whenClosed(resolve));
}

/** Waits until something holds, turn by turn of the event loop. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await turn();
}

/** One turn of the event loop, and the time for the kernel to deliver on the loopback. */
export function turn(milliseconds = 1): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** All that a socket is sent, until its end; what broke it is thrown. */
export async function received(socket: Socket): Promise<Buffer> {
  const parts: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => parts.push(chunk)).resume();
  await once(socket, "end");
  return Buffer.concat(parts);
}
