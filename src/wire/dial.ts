import { type LookupFunction, Socket } from "node:net";
import { ConnectError, ConnectTimeoutError, ResolveError, type SallyportError } from "../core/errors.ts";
import { Wire } from "./wire.ts";

export interface DialOptions {
  readonly host: string;
  readonly port: number;
  /** For messages: `the parent 10.0.0.41:8080`, `example.org:443`. */
  readonly name: string;
  /** Milliseconds until there must be a connection, the name's resolution included. */
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
  /** Resolves names, and may refuse addresses. */
  readonly lookup?: LookupFunction;
}

/**
 * Opens a TCP connection: all addresses of a name are tried (RFC 8305), and reading goes into a reused buffer.
 * @throws ResolveError, ConnectError, ConnectTimeoutError, or what the lookup refused with
 */
export function dial(options: DialOptions): Promise<Wire> {
  return new Promise((resolve, reject) => {
    let wire: Wire | undefined;
    let socket: Socket | undefined;
    const limit = setTimeout(() => fail(timeoutError(options)), options.timeout);
    const aborted = () => fail(options.signal?.reason);
    const fail = (reason: unknown) => {
      settle();
      reject(reason);
      socket?.destroy();
    };
    const settle = () => {
      clearTimeout(limit);
      options.signal?.removeEventListener("abort", aborted);
    };
    if (options.signal?.aborted) return fail(options.signal.reason);
    options.signal?.addEventListener("abort", aborted);

    wire = new Wire((onread) => {
      socket = new Socket({ allowHalfOpen: true, onread } as ConstructorParameters<typeof Socket>[0]);
      return { socket, reusesBuffer: true };
    });
    const stopWatching = wire.whenClosed((error) => fail(asDialError(error, options)));
    const connected = () => {
      settle();
      stopWatching();
      resolve(wire!);
    };
    try {
      wire.socket.connect(
        {
          host: options.host,
          port: options.port,
          noDelay: true,
          keepAlive: true,
          keepAliveInitialDelay: KEEP_ALIVE_AFTER,
          autoSelectFamily: true,
          autoSelectFamilyAttemptTimeout: 250,
          ...(options.lookup ? { lookup: options.lookup } : {}),
        },
        connected,
      );
    } catch (thrown) {
      // Node.js throws for what it can see at once, such as a port that is none.
      fail(asDialError(thrown as Error, options));
    }
  });
}

/** Finds dead peers of long tunnels before middle boxes forget them. */
const KEEP_ALIVE_AFTER = 60_000;

function timeoutError(options: DialOptions): SallyportError {
  return new ConnectTimeoutError(
    `Connecting to ${options.name} took longer than ${options.timeout / 1000} s: no answer at all`,
    { hint: "A firewall may drop the packets, or the host is down." },
  );
}

function asDialError(error: (Error & { code?: string }) | undefined, options: DialOptions): unknown {
  const code = error?.code ?? "";
  // A lookup that refuses an address throws one of ours.
  if (code.startsWith("SP_")) return error;
  if (code === "ENOTFOUND" || code === "EAI_AGAIN" || code === "EAI_FAIL" || code === "EAI_NODATA")
    return new ResolveError(`The name of ${options.name} cannot be resolved (${code})`, {
      cause: error,
      hint: "Check the name, and that this host's resolver knows it; names outside the company are for the parent to resolve.",
    });
  if (code === "ETIMEDOUT") return timeoutError(options);
  return new ConnectError(
    `Connecting to ${options.name} failed: ${REASONS[code] ?? (code || "it was closed at once")}`,
    {
      cause: error,
      hint: "Check the address and the port, and that something listens there.",
    },
  );
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "the connection was refused (nothing listens there)",
  ECONNRESET: "the connection was reset",
  EHOSTUNREACH: "there is no route to that host",
  ENETUNREACH: "there is no route to that network",
  EADDRNOTAVAIL: "this host has no free port or address for it",
  EMFILE: "this process has no file descriptors left",
};
