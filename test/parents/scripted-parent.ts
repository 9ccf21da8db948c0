import { createServer, type Socket } from "node:net";
import type { TestContext } from "node:test";

/** One connection to a scripted parent. */
export interface Scripted {
  /** From 1. */
  readonly number: number;
  readonly socket: Socket;
  /** The next request's head; undefined at the connection's end. Bodies are not read over. */
  head(): Promise<string | undefined>;
  /** Everything that has come and was not taken as a head. */
  readonly rest: () => string;
  answer(status: number, fields?: readonly string[], body?: string): void;
}

/** A parent that does exactly what a test says, connection by connection. */
export async function scriptedParent(t: TestContext, serve: (connection: Scripted) => unknown) {
  const heads: string[] = [];
  const sockets = new Set<Socket>();
  const seen = { heads, connections: 0, port: 0, dropAll: () => {} };
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    const connection = reading(socket, ++seen.connections, (head) => heads.push(head));
    Promise.resolve(serve(connection)).catch(() => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  seen.port = (server.address() as { port: number }).port;
  seen.dropAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  return seen;
}

function reading(socket: Socket, number: number, note: (head: string) => void): Scripted {
  let text = "";
  let ended = false;
  let wake = () => {};
  socket.setEncoding("latin1");
  socket.on("error", () => {});
  socket.on("data", (chunk) => {
    text += chunk;
    wake();
  });
  for (const name of ["end", "close"] as const)
    socket.on(name, () => {
      ended = true;
      wake();
    });
  return {
    number,
    socket,
    rest: () => text,
    async head() {
      for (;;) {
        const at = text.indexOf("\r\n\r\n");
        if (at >= 0) {
          const head = text.slice(0, at);
          text = text.slice(at + 4);
          note(head);
          return head;
        }
        if (ended) return undefined;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    answer(status, fields = [], body = "") {
      const lines = [`HTTP/1.1 ${status} Scripted`, ...fields, `Content-Length: ${body.length}`];
      socket.write(`${lines.join("\r\n")}\r\n\r\n${body}`, "latin1");
    },
  };
}
