import { BlockList, isIP } from "node:net";
import { AnswerError, type SallyportError, TargetDeniedError } from "../core/errors.ts";
import type { Target } from "../http1/target.ts";
import { dial } from "../wire/dial.ts";
import type { Wire } from "../wire/wire.ts";

/** Where the embedded parent's requests go: names of its own, and loopback. Nothing leaves this host. */
export class ParentOrigins {
  readonly #hosts: ReadonlyMap<string, { readonly host: string; readonly port: number }>;
  readonly #idle = new Map<string, Wire[]>();

  constructor(hosts: ReadonlyMap<string, { readonly host: string; readonly port: number }>) {
    this.#hosts = hosts;
  }

  /** @throws TargetDeniedError (403; 503 for a name it does not know), ConnectError, ConnectTimeoutError */
  async dial(target: Target, signal: AbortSignal): Promise<Wire> {
    const { host, port } = this.#resolve(target);
    return await dial({ host, port, name: target.authority, timeout: CONNECT_TIME, signal });
  }

  /** A connection that an earlier request has left, if there is one. */
  take(target: Target): Wire | undefined {
    const idle = this.#idle.get(keyOf(target)) ?? [];
    for (let wire = idle.pop(); wire; wire = idle.pop()) {
      if (!wire.closed && !wire.ended && !wire.hasRest) return wire;
      wire.destroy();
    }
    return undefined;
  }

  give(target: Target, wire: Wire): void {
    const idle = this.#idle.get(keyOf(target)) ?? [];
    if (wire.closed || idle.length >= MOST_IDLE) {
      wire.destroy();
      return;
    }
    this.#idle.set(keyOf(target), idle);
    idle.push(wire);
  }

  close(): void {
    for (const wire of [...this.#idle.values()].flat()) wire.destroy();
    this.#idle.clear();
  }

  #resolve(target: Target): { readonly host: string; readonly port: number } {
    const known = this.#hosts.get(keyOf(target));
    if (known) return known;
    if (target.host === "localhost") return { host: "127.0.0.1", port: target.port };
    if (isIP(target.host) === 0)
      throw new TargetDeniedError(`The embedded parent knows no name ${target.host}`, { status: 503 });
    if (!loopback.check(target.host, isIP(target.host) === 6 ? "ipv6" : "ipv4"))
      throw new TargetDeniedError(`${target.host} is not on loopback, and the embedded parent stays there`);
    return { host: target.host, port: target.port };
  }
}

/** What a client of the parent is told when there is no way to the origin, as Squid does. */
export function statusOf(error: SallyportError): number {
  if (error instanceof TargetDeniedError) return error.status;
  if (error instanceof AnswerError) return 502;
  return error.status === 504 ? 504 : 503;
}

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

const CONNECT_TIME = 10_000;
const MOST_IDLE = 64;

function keyOf(target: Target): string {
  return `${target.host}:${target.port}`;
}
