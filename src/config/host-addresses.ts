import type { NetworkInterfaceInfo } from "node:os";
import { parseAddress } from "../routing/addresses.ts";
import { readInterfaces } from "./read-interfaces.ts";

/** The host's interfaces and addresses as they are now; tests give their own. */
export type Interfaces = NodeJS.Dict<Pick<NetworkInterfaceInfo, "address">[]>;

export function hostInterfaces(): Interfaces {
  const interfaces: Record<string, { address: string }[]> = {};
  for (const { name, address } of readInterfaces())
    interfaces[name] = [...(interfaces[name] ?? []), { address }];
  return interfaces;
}

/** True when the address is one of this host's own. */
export function isOwnAddress(host: string, interfaces: Interfaces): boolean {
  const wanted = parseAddress(host)?.text;
  return wanted !== undefined && interfaceOf(wanted, interfaces) !== undefined;
}

/** The interface that has the address. */
export function interfaceOf(host: string, interfaces: Interfaces): string | undefined {
  const wanted = parseAddress(host)?.text;
  for (const [name, addresses] of Object.entries(interfaces))
    if (addresses?.some((one) => parseAddress(one.address)?.text === wanted)) return name;
  return undefined;
}
