import { lstatSync, unlinkSync } from "node:fs";
import { connect, createServer, type ListenOptions, type Server, type Socket } from "node:net";
import { ListenError } from "../core/errors.ts";

/** What is bound: an address with a port, or the path of a Unix socket. */
export type Place = HostPlace | { readonly path: string };

/** A host without brackets. */
export interface HostPlace {
  readonly host: string;
  readonly port: number;
}

/**
 * Opens one listening socket. Its connections are paused, may be half-closed, and have an error listener from
 * the first moment.
 * @throws ListenError that names the place and says what to do
 */
export async function bind(place: Place, handlers: BindHandlers): Promise<Server> {
  if ("path" in place && Buffer.byteLength(place.path) > longestPath) throw tooLong(place.path);
  try {
    return await tryBind(place, handlers);
  } catch (thrown) {
    const code = codeOf(thrown);
    if (code === "EADDRINUSE" && "path" in place && (await isStale(place.path))) {
      unlinkSync(place.path);
      return await tryBind(place, handlers).catch((again) => {
        throw listenError(place, again);
      });
    }
    throw listenError(place, thrown);
  }
}

export interface BindHandlers {
  readonly onConnection: (socket: Socket) => void;
  readonly onAcceptError: (error: Error) => void;
}

/** `127.0.0.1:3128`, `[::1]:3128`, `unix:/run/sallyport.sock`. */
export function placeText(place: Place): string {
  if ("path" in place) return `unix:${place.path}`;
  return `${place.host.includes(":") ? `[${place.host}]` : place.host}:${place.port}`;
}

/** Where a server is bound in fact: its port is the kernel's choice when 0 was asked for. */
export function placeOf(server: Server): Place {
  const address = server.address();
  if (typeof address === "string") return { path: address };
  return { host: address!.address, port: address!.port };
}

export function codeOf(thrown: unknown): string | undefined {
  const error = thrown instanceof ListenError ? thrown.cause : thrown;
  return (error as NodeJS.ErrnoException | undefined)?.code;
}

/** sun_path has 108 bytes with its closing zero (unix(7)); longer ones are cut without a word. */
const longestPath = 107;
/** The kernel's own limit, net.core.somaxconn, cuts it further. */
const backlog = 4096;

function tryBind(place: Place, handlers: BindHandlers): Promise<Server> {
  const options = { allowHalfOpen: true, pauseOnConnect: true, noDelay: true, keepAlive: true };
  const server = createServer(options, (socket) => {
    socket.on("error", ignore);
    handlers.onConnection(socket);
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.once("listening", () => {
      server.off("error", reject);
      // What comes after this is about one connection that could not be accepted (EMFILE); the next one may be.
      server.on("error", handlers.onAcceptError);
      resolve(server);
    });
    listen(server, place);
  });
}

function ignore(): void {}

/** A Unix socket gets mode 0660 by the umask at the moment of bind(2): a chmod later would leave a gap. */
function listen(server: Server, place: Place): void {
  const options: ListenOptions = { ...place, backlog };
  if (!("path" in place)) {
    server.listen(options);
    return;
  }
  const umask = process.umask(0o117);
  try {
    server.listen(options);
  } finally {
    process.umask(umask);
  }
}

/** True for a socket file that nobody listens on any more. Never for another kind of file. */
function isStale(path: string): Promise<boolean> {
  if (!lstatSync(path, { throwIfNoEntry: false })?.isSocket()) return Promise.resolve(false);
  return new Promise((resolve) => {
    const socket = connect(path);
    const end = (stale: boolean) => {
      socket.destroy();
      resolve(stale);
    };
    // A full backlog or no permission means that somebody is there.
    socket.on("error", (error: NodeJS.ErrnoException) => end(error.code === "ECONNREFUSED"));
    socket.on("connect", () => end(false));
  });
}

function listenError(place: Place, thrown: unknown): ListenError {
  const text = placeText(place);
  const code = codeOf(thrown) ?? "unknown error";
  const [why, hint] = reason(place, code);
  return new ListenError(`Cannot listen on ${text}: ${why} (${code})`, { hint, cause: thrown });
}

function reason(place: Place, code: string): [why: string, hint: string] {
  if ("path" in place) {
    if (code === "EADDRINUSE") return inUse(place.path);
    if (code === "EACCES")
      return ["its directory may not be written", `Give the service's user ${place.path}'s directory.`];
    if (code === "ENOENT")
      return ["its directory does not exist", "Create the directory, or choose another path."];
    return ["the system refused", "Choose another path."];
  }
  const { host, port } = place;
  if (code === "EADDRINUSE") {
    return ["another program listens there", `See which one with: ss -ltnp 'sport = :${port}'`];
  }
  if (code === "EADDRNOTAVAIL") {
    return [
      "this host has no such address now",
      `For an address that comes later, write its interface's name: "docker0:${port}".`,
    ];
  }
  if (code === "EACCES") {
    return ["the right is missing", `Choose a port from 1024 up, or give the service CAP_NET_BIND_SERVICE.`];
  }
  if (code === "EAFNOSUPPORT")
    return [`this host has no IPv${host.includes(":") ? 6 : 4}`, "Choose another address."];
  return ["the system refused", "Choose another address."];
}

function inUse(path: string): [why: string, hint: string] {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket()) {
    return ["another program listens there", `See which one with: ss -lxp src ${path}`];
  }
  return ["a file that is no socket is there", "Remove it if nobody needs it, or choose another path."];
}

function tooLong(path: string): ListenError {
  return new ListenError(`Cannot listen on unix:${path}: the path is longer than ${longestPath} bytes`, {
    hint: "Choose a shorter path, such as /run/sallyport/proxy.sock.",
  });
}
