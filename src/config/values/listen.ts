import { isIP } from "node:net";
import type { Reading, Wrong } from "../problem.ts";
import type { ListenAddress } from "../settings.ts";

/**
 * Reads where to listen: `127.0.0.1:3128`, `[::1]:3128`, `docker0:3128` (an interface), `:3128` or `*:3128`
 * (all addresses of this host), `unix:/path`. Port 0 means one that is free.
 */
export function readListen(text: string): Reading<ListenAddress> {
  if (text.startsWith("unix:")) return readSocket(text.slice("unix:".length));
  if (/^[a-z]+:\/\//i.test(text))
    return wrong(text, `write it without the scheme: "${text.replace(/^[a-z]+:\/\/|\/+$/gi, "")}"`);
  if (/^\d+$/.test(text)) return wrong(text, `write "127.0.0.1:${text}", or ":${text}" for all addresses`);
  const parts = /^(?:\[([^\]]*)\]|([^:]*)):(\d+)$/.exec(text);
  if (!parts) return wrong(text, isIP(text) === 6 ? `write "[${text}]:3128"` : forms);
  const port = Number(parts[3]);
  if (port > 65535) return wrong(text, "a port is at most 65535");
  if (parts[1] !== undefined)
    return isIP(parts[1]) === 6
      ? { value: { kind: "address", host: parts[1], port } }
      : wrong(text, 'brackets are for IPv6: "[::1]:3128"');
  return readHost(parts[2]!, port, text);
}

/** An address as it is written and logged. */
export function listenText(listen: ListenAddress): string {
  if (listen.kind === "unix") return `unix:${listen.path}`;
  if (listen.kind === "interface") return `${listen.name}:${listen.port}`;
  if (listen.host === "") return `*:${listen.port}`;
  return listen.host.includes(":") ? `[${listen.host}]:${listen.port}` : `${listen.host}:${listen.port}`;
}

/** True for an address that only this host itself reaches. */
export function isLoopback(listen: ListenAddress): boolean {
  if (listen.kind === "unix") return true;
  if (listen.kind === "interface") return listen.name === "lo";
  return listen.host === "::1" || /^(::ffff:)?127\./i.test(listen.host);
}

/** True when it takes connections on every address of this host. */
export function isWildcard(listen: ListenAddress): boolean {
  return listen.kind === "address" && ["", "0.0.0.0", "::"].includes(listen.host);
}

const forms = 'write "127.0.0.1:3128", "[::1]:3128", "docker0:3128" or "unix:/run/sallyport/proxy.sock"';
/** Linux: IFNAMSIZ is 16 with the closing zero. */
const longestInterfaceName = 15;

function readHost(host: string, port: number, text: string): Reading<ListenAddress> {
  if (host === "" || host === "*") return { value: { kind: "address", host: "", port } };
  if (host === "localhost") return { value: { kind: "address", host: "127.0.0.1", port } };
  if (isIP(host)) return { value: { kind: "address", host, port } };
  if (/^[\d.]+$/.test(host)) return wrong(text, "an IPv4 address is four numbers up to 255");
  if (host.length > longestInterfaceName || /[\s/]/.test(host))
    return wrong(text, `${forms}; a host name is not listened on, its address is`);
  return { value: { kind: "interface", name: host, port } };
}

function readSocket(path: string): Reading<ListenAddress> {
  // sockaddr_un holds 108 bytes with the closing zero.
  if (path.startsWith("/") && Buffer.byteLength(path) < 108) return { value: { kind: "unix", path } };
  return wrong(`unix:${path}`, "the socket's path starts with / and is shorter than 108 bytes");
}

function wrong(text: string, hint: string): Wrong {
  return { what: `"${text}" is not an address to listen on`, hint };
}
