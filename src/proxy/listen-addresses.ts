import type { Server } from "node:net";
import type { ListenAddress } from "../config/settings.ts";
import { listenText } from "../config/values/listen.ts";
import type { Events } from "../observe/events.ts";
import { isLinkLocal, isUnspecified, parseAddress } from "../routing/addresses.ts";
import type { InterfaceAddress } from "../routing/kernel-interfaces.ts";
import type { HostPlace, Place } from "./bind.ts";

export type ByInterface = Extract<ListenAddress, { kind: "interface" }>;

/** One listening socket, and the listener of the configuration that it serves. */
export interface Bound {
  /** By `listenText`, as every log names it. */
  readonly listener: string;
  readonly address: ListenAddress;
  readonly place: Place;
  readonly server: Server;
}

/**
 * Each listener once, and without those that another one covers: after `*:3128` there is nothing left to bind
 * for `127.0.0.1:3128`, and the kernel would call it in use. Says so as a warning.
 */
export function withoutCovered(list: readonly ListenAddress[], events: Events): ListenAddress[] {
  const once = [...new Map(list.map((one) => [listenText(one), one])).values()];
  return once.filter((one) => {
    const wider = once.find((other) => other !== one && coversListener(other, one));
    if (wider) {
      events.emit("warning", {
        message: `The listener ${listenText(one)} is left out: ${listenText(wider)} has its addresses already`,
      });
    }
    return wider === undefined;
  });
}

/** The addresses of an interface that can be bound and that no listener of `list` on all addresses has. */
export function placesOf(
  address: ByInterface,
  list: readonly ListenAddress[],
  interfaces: readonly InterfaceAddress[],
): HostPlace[] {
  return interfaces
    .filter((one) => one.name === address.name && isBindable(one))
    .map((one) => ({ host: one.address, port: address.port }))
    .filter((place) => !list.some((other) => covers(other, place)));
}

/** Link-local IPv6 needs a zone to be reached, and the kernel must have made sure of the address. */
export function isBindable(one: InterfaceAddress): boolean {
  const address = parseAddress(one.address);
  return address !== undefined && !(address.family === 6 && isLinkLocal(address)) && one.tentative !== true;
}

/** `::` and `0.0.0.0`. */
export function isAll(host: string): boolean {
  return host === "::" || host === "0.0.0.0";
}

/** True when `address` is bound on all of this host's addresses, that one included. */
function covers(address: ListenAddress, place: HostPlace): boolean {
  if (address.kind !== "address" || address.port === 0 || address.port !== place.port) return false;
  const families = wildcardFamilies(address.host);
  return families !== undefined && (families === "both" || parseAddress(place.host)?.family === 4);
}

function coversListener(wide: ListenAddress, narrow: ListenAddress): boolean {
  if (wide.kind !== "address" || narrow.kind === "unix") return false;
  if (wide.port === 0 || wide.port !== narrow.port) return false;
  const families = wildcardFamilies(wide.host);
  if (families !== "both") {
    return narrow.kind === "address" && !isWildcard(narrow) && covers(wide, narrow);
  }
  // `*:3128` and `[::]:3128` are the same: the first spelling stays.
  const same = narrow.kind === "address" && wildcardFamilies(narrow.host) === "both";
  return !same || (wide.host === "" && narrow.host !== "");
}

function isWildcard(address: ListenAddress & { kind: "address" }): boolean {
  return wildcardFamilies(address.host) !== undefined;
}

/** `::` takes IPv4 as well (RFC 3493, 5.3): Node.js leaves IPV6_V6ONLY off. */
function wildcardFamilies(host: string): "both" | "IPv4" | undefined {
  if (host === "") return "both";
  const address = parseAddress(host);
  if (address === undefined || !isUnspecified(address)) return undefined;
  return address.family === 4 ? "IPv4" : "both";
}
