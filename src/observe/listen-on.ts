import { lstatSync, unlinkSync } from "node:fs";
import { type AddressInfo, connect, type Server } from "node:net";
import { ListenError } from "../core/errors.ts";

/** Where a server of the program's own stands. The settings' form, of which an interface's name is refused here. */
export type ServiceAddress =
  | { readonly kind: "address"; readonly host: string; readonly port: number }
  | { readonly kind: "interface"; readonly name: string; readonly port: number }
  | { readonly kind: "unix"; readonly path: string };

/**
 * Binds a server, and says where: `127.0.0.1:9128`, `[::1]:9128`, or the socket's path.
 * A Unix socket that a dead process left behind is replaced; a live one is not.
 * @throws ListenError when the address cannot be bound
 */
export async function listenOn(server: Server, address: ServiceAddress): Promise<string> {
  if (address.kind === "interface")
    throw new ListenError(`The metrics cannot be served on the interface ${address.name}:${address.port}.`, {
      hint: `Give an address, as in listen = "127.0.0.1:${address.port}", or a Unix socket.`,
    });
  try {
    return await bind(server, address);
  } catch (error) {
    const taken = address.kind === "unix" && codeOf(error) === "EADDRINUSE";
    // Linux refuses a connection to a plain file as well: that one is somebody's, and stays.
    if (!taken || !lstatSync(address.path).isSocket() || (await answers(address.path)))
      throw asListenError(address, error);
    unlinkSync(address.path);
    return await bind(server, address).catch((again: unknown) => {
      throw asListenError(address, again);
    });
  }
}

type Bindable = Exclude<ServiceAddress, { kind: "interface" }>;

function bind(server: Server, address: Bindable): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    const options =
      address.kind === "unix"
        ? { path: address.path }
        : { port: address.port, ...(address.host === "" ? {} : { host: address.host }) };
    server.listen(options, () => {
      server.off("error", reject);
      // A later error (too many open files at accept) must not end the process.
      server.on("error", () => {});
      resolve(address.kind === "unix" ? address.path : name(server.address() as AddressInfo));
    });
  });
}

/** True when a process listens on the socket, or when that cannot be told. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.setTimeout(1000, () => done(true));
    socket.on("connect", () => done(true));
    socket.on("error", (error) => done(codeOf(error) !== "ECONNREFUSED"));
    function done(live: boolean): void {
      socket.destroy();
      resolve(live);
    }
  });
}

function asListenError(address: Bindable, cause: unknown): ListenError {
  const where = address.kind === "unix" ? address.path : `${address.host || "*"}:${address.port}`;
  const code = codeOf(cause);
  return new ListenError(`The metrics cannot be served on ${where}: ${reasons[code] ?? code}.`, {
    cause,
    hint: hints[code] ?? "Give another address in metrics.listen.",
  });
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program listens there",
  EADDRNOTAVAIL: "this host has no such address",
  EACCES: "the right to bind it is missing",
  ENOTFOUND: "the name cannot be resolved",
  ENOENT: "its folder does not exist",
};
const hints: Readonly<Record<string, string>> = {
  EADDRINUSE: "Give another port in metrics.listen, or stop the program that `ss -ltnp` shows there.",
  EACCES: "Give a port of 1024 or above in metrics.listen, or a folder that the service may write to.",
};

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException | undefined)?.code ?? String(error);
}

function name({ address, family, port }: AddressInfo): string {
  return family === "IPv6" ? `[${address}]:${port}` : `${address}:${port}`;
}
