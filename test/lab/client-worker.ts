/**
 * Runs in a network of its own, where there is nothing but loopback: what goes direct fails at once and reaches
 * nobody. Prints one line of JSON a case: what the client did, and what it said.
 */
import { createServer, type Server } from "node:http";
import { findDrivers } from "./client-drivers.ts";
import { drawCases, type ProxyCase } from "./proxy-cases.ts";

export interface Outcome {
  readonly client: string;
  readonly version: string;
  readonly one: ProxyCase;
  /** The address of the proxy that was asked. */
  readonly proxy: string | null;
  readonly said: string;
}

const [home = "", seed = "1"] = process.argv.slice(2);
const drivers = findDrivers(home);
// Two at a time: the machine is shared.
const waiting = drivers.map((driver, index) => ({ driver, port: 7001 + 2 * index }));
await Promise.all([next(), next()]);
process.exit(0);

async function next(): Promise<void> {
  for (let job = waiting.shift(); job; job = waiting.shift()) {
    const { driver, port } = job;
    const seen: string[] = [];
    const servers = await Promise.all([listen(port, seen), listen(port + 1, seen)]);
    for (const one of drawCases(driver.cases, Number(seed), { a: port, b: port + 1 })) {
      seen.length = 0;
      const said = await driver.request(one);
      const { client, version } = driver;
      const outcome: Outcome = { client, version, one, proxy: seen[0] ?? null, said: said.slice(-600) };
      process.stdout.write(`${JSON.stringify(outcome)}\n`);
    }
    driver.close?.();
    for (const server of servers) server.close();
  }
}

/** Refuses everything, and notes that it was asked. */
async function listen(port: number, seen: string[]): Promise<Server> {
  const note = () => seen.push(`http://127.0.0.1:${port}`);
  const server = createServer((_, answer) => {
    note();
    answer.writeHead(404, { connection: "close" }).end();
  });
  server.on("connect", (_, socket) => {
    note();
    socket.on("error", () => {});
    socket.end("HTTP/1.1 404 Not here\r\nConnection: close\r\n\r\n");
  });
  server.on("clientError", (_, socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return server;
}
