import { readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { type InterfaceAddress, interfacesFromKernel } from "../routing/kernel-interfaces.ts";

/**
 * The addresses of this host's interfaces at this moment. On Linux by the kernel's files as well, because the
 * C library's list lacks interfaces without carrier (see `interfacesFromKernel`).
 */
export function readInterfaces(): InterfaceAddress[] {
  try {
    last = readNow();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Out of file descriptors: docker0 has not gone for that.
    if (code !== "EMFILE" && code !== "ENFILE") throw error;
  }
  return last;
}

let last: InterfaceAddress[] = [];

function readNow(): InterfaceAddress[] {
  const running = runningInterfaces();
  if (process.platform !== "linux") return running;
  const fibTrie = read("/proc/net/fib_trie");
  if (fibTrie === "") return running;
  return interfacesFromKernel(
    { fibTrie, route: read("/proc/net/route"), ifInet6: read("/proc/net/if_inet6") },
    running,
  );
}

function runningInterfaces(): InterfaceAddress[] {
  return Object.entries(safeNetworkInterfaces()).flatMap(([name, addresses]) =>
    (addresses ?? []).map((one): InterfaceAddress => {
      const [address = "", prefix = ""] = (one.cidr ?? `${one.address}/32`).split("/");
      return { name, address, family: one.family === "IPv4" ? 4 : 6, prefix: Number(prefix) };
    }),
  );
}

/** It throws where the process may not open netlink sockets (systemd's RestrictAddressFamilies). */
function safeNetworkInterfaces(): ReturnType<typeof networkInterfaces> {
  try {
    return networkInterfaces();
  } catch {
    return {};
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EMFILE" || code === "ENFILE") throw error;
    return "";
  }
}
