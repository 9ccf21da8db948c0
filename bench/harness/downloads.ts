/** One gibibyte in one tunnel, and what the proxy's process spent on it. */
import { download } from "./client.ts";
import type { RunningProxy } from "./subjects.ts";

export async function throughTunnel(port: number, proxy?: RunningProxy) {
  const before = proxy?.process.cpu() ?? 0;
  const { seconds, bytes } = await download("download", port, "origin.corp.test:80", "/1g.bin");
  return {
    ...speed(seconds, bytes),
    ...(proxy ? { cpu: ((proxy.process.cpu() - before) * 2 ** 30) / bytes } : {}),
  };
}

/** Without any proxy: the most that the ends of the wire give. */
export async function withoutProxy() {
  const { seconds, bytes } = await download("direct", 80, "origin.corp.test", "/1g.bin");
  return speed(seconds, bytes);
}

function speed(seconds: number, bytes: number) {
  return { speed: bytes / 1e6 / seconds };
}
