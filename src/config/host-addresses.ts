import { type NetworkInterfaceInfo, networkInterfaces } from "node:os";
import { parseAddress } from "../routing/addresses.ts";

/** The host's interfaces and addresses as they are now; tests give their own. */
export type Interfaces = NodeJS.Dict<Pick<NetworkInterfaceInfo, "address">[]>;

export function hostInterfaces(): Interfaces {
  try {
    return networkInterfaces();
  } catch {
    // A sandbox may forbid netlink; nothing here depends on the answer.
    return {};
  }
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

/** The Docker engine's bridges, by the names that it gives them. */
export function isDockerInterface(name: string): boolean {
  return /^(docker\d+|docker_gwbridge|br-[0-9a-f]{12})$/.test(name);
}
