import { createServer, Socket, connect as tcpConnect } from "node:net";
import { type OnRead, Wire } from "./wire.ts";

/**
 * A wire around a socket that a server has just accepted (with `pauseOnConnect`, so that nothing was read yet).
 *
 * Node.js offers `onread` only for sockets that the program makes itself, so the accepted handle is moved into a new
 * socket. That uses names with an underscore: it stands in this file only, is tried once at the start
 * ({@link canAdopt}), and where it does not work 'data' events serve.
 *
 * @param reuse whether to move the handle: as the trial said, except in tests
 */
export function acceptWire(socket: Socket, reuse = adopts): Wire {
  return new Wire((onread) =>
    reuse ? adopt(socket, onread) : { socket: started(socket), reusesBuffer: false },
  );
}

/** Tries the move on a connection to this very process. Its verdict holds for all later calls of acceptWire. */
export async function canAdopt(): Promise<boolean> {
  adopts = await tryAdopting().catch(() => false);
  return adopts;
}

let adopts = true;

interface Handle {
  reading: boolean;
  readStop(): void;
}

interface Internals {
  _handle: Handle | null;
  _server: unknown;
}

function adopt(socket: Socket, onread: OnRead): { socket: Socket; reusesBuffer: boolean } {
  const old = socket as unknown as Internals;
  const handle = old._handle;
  if (handle === null || socket.destroyed) return { socket: started(socket), reusesBuffer: false };
  handle.readStop();
  handle.reading = false;
  old._handle = null;
  const options = { handle, allowHalfOpen: true, onread } as unknown as ConstructorParameters<
    typeof Socket
  >[0];
  const fresh = new Socket(options);
  // The server counts its open connections by this link.
  (fresh as unknown as Internals)._server = old._server;
  old._server = null;
  return { socket: fresh, reusesBuffer: true };
}

function started(socket: Socket): Socket {
  socket.resume();
  return socket;
}

async function tryAdopting(): Promise<boolean> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject).listen(0, "127.0.0.1", resolve);
    });
    const { port } = server.address() as { port: number };
    return await new Promise<boolean>((resolve) => {
      const limit = setTimeout(() => resolve(false), 2000);
      const done = (works: boolean) => {
        clearTimeout(limit);
        resolve(works);
      };
      server.once("connection", (socket) => {
        socket.on("error", () => done(false));
        const wire = new Wire((onread) => adopt(socket, onread));
        wire.read({
          data(bytes) {
            wire.socket.write(bytes);
            return bytes.length;
          },
          end: () => wire.end(),
        });
      });
      const own = tcpConnect({ port, host: "127.0.0.1" });
      let echo = "";
      own.on("error", () => done(false));
      own.on("data", (chunk) => {
        echo += chunk;
      });
      own.on("close", () => done(echo === "probe"));
      own.end("probe");
    });
  } finally {
    server.close();
  }
}
