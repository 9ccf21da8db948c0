import { connect, type Socket } from "node:net";
import { Worker } from "node:worker_threads";
import { ListenError } from "../core/errors.ts";

export interface BlackHole {
  /** On 127.0.0.1: connecting to it neither succeeds nor fails, as behind a firewall that drops. */
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * A listening socket that never accepts, with its queue filled: the kernel drops every further SYN (Linux only). A
 * thread listens and then sleeps, since Node.js itself accepts whenever it can.
 * @throws ListenError when this system's queue does not fill
 */
export async function startBlackHole(): Promise<BlackHole> {
  const awake = new Int32Array(new SharedArrayBuffer(4));
  const thread = new Worker(SLEEPER, { eval: true, workerData: awake });
  const fillers: Socket[] = [];
  const stop = async () => {
    for (const socket of fillers) socket.destroy();
    const ended = new Promise((resolve) => thread.once("exit", resolve));
    Atomics.store(awake, 0, 1);
    Atomics.notify(awake, 0);
    await ended;
  };
  const port = await new Promise<number>((resolve, reject) => {
    thread.once("message", resolve);
    thread.once("error", reject);
  });
  for (let tries = 0; tries < MOST_FILLERS; tries++) {
    const socket = connect({ port, host: "127.0.0.1" });
    fillers.push(socket);
    if (!(await connects(socket))) return { port, stop };
  }
  await stop();
  throw new ListenError(`The queue of 127.0.0.1:${port} does not fill: no black hole can be made here`);
}

const SLEEPER = `
const { workerData: awake, parentPort } = require("node:worker_threads");
const server = require("node:net").createServer();
server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
  parentPort.postMessage(server.address().port);
  Atomics.wait(awake, 0, 0);
  process.exit();
});
`;

const MOST_FILLERS = 32;
/** On loopback a connection takes microseconds. */
const PATIENCE = 250;

function connects(socket: Socket): Promise<boolean> {
  return new Promise((resolve) => {
    const limit = setTimeout(() => resolve(false), PATIENCE);
    const settle = (connected: boolean) => () => {
      clearTimeout(limit);
      resolve(connected);
    };
    socket.on("error", settle(false));
    socket.once("connect", settle(true));
  });
}
