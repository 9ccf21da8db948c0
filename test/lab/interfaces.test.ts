import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { type TestContext, test } from "node:test";
import { readInterfaces } from "../../src/config/read-interfaces.ts";
import { Events } from "../../src/observe/events.ts";
import { Listeners } from "../../src/proxy/listeners.ts";

// Needs root: it makes network interfaces of its own and takes them away again.

function ip(...args: string[]): void {
  const result = spawnSync("ip", args, { encoding: "utf8" });
  assert.equal(result.status, 0, `ip ${args.join(" ")}: ${result.stderr}`);
}

/** A bridge that has lost its carrier, as docker0 is while no container is attached. */
function quietBridge(t: TestContext, name: string): void {
  t.after(() => spawnSync("ip", ["link", "del", name]));
  ip("link", "add", "name", name, "type", "bridge");
  ip("link", "set", name, "up");
  ip("link", "add", `${name}a`, "type", "veth", "peer", "name", `${name}b`);
  ip("link", "set", `${name}a`, "master", name);
  ip("link", "set", `${name}a`, "up");
  ip("link", "set", `${name}b`, "up");
  ip("link", "del", `${name}a`);
}

const named = (name: string) =>
  readInterfaces()
    .filter((one) => one.name === name && one.family === 4)
    .map((one) => `${one.address}/${one.prefix}`);

test("a bridge without carrier is read from the kernel, where the C library leaves it out", async (t) => {
  assert.equal(process.getuid?.(), 0, "this test needs root");
  quietBridge(t, "spbr0");
  ip("addr", "add", "10.99.1.1/24", "dev", "spbr0");
  await until(() => networkInterfaces().spbr0 === undefined);
  assert.deepEqual(named("spbr0"), ["10.99.1.1/24"]);
});

test("a listener follows a real interface within a second: appearing, moving, going", async (t) => {
  assert.equal(process.getuid?.(), 0, "this test needs root");
  const events = new Events();
  const told: { text: string; at: number }[] = [];
  const note = (what: string) => (one: { readonly address?: string; readonly listener: string }) =>
    told.push({ text: `${what} ${one.address ?? ""}`.trim(), at: performance.now() });
  events.on("listening", note("listening"));
  events.on("closed", note("closed"));
  events.on("waiting", note("waiting"));
  const stop = new AbortController();
  t.after(() => stop.abort());
  const listeners = new Listeners({ onConnection: (socket) => socket.end("here"), events });
  await listeners.open([{ kind: "interface", name: "spbr1", port: 39_128 }], stop.signal);
  assert.deepEqual(
    told.map((one) => one.text),
    ["waiting"],
  );

  quietBridge(t, "spbr1");
  const steps: [string[][], string][] = [
    [[["addr", "add", "10.99.2.1/24", "dev", "spbr1"]], "listening 10.99.2.1:39128"],
    [
      [
        ["addr", "flush", "dev", "spbr1"],
        ["addr", "add", "10.99.3.1/24", "dev", "spbr1"],
      ],
      "listening 10.99.3.1:39128",
    ],
    [[["link", "del", "spbr1"]], "waiting"],
  ];
  for (const [commands, wanted] of steps) {
    for (const command of commands) ip(...command);
    const started = performance.now();
    const before = told.length;
    await until(() => told.slice(before).some((one) => one.text === wanted));
    const took = told.at(-1)!.at - started;
    assert.ok(took < 1000, `${wanted} took ${took.toFixed(0)} ms`);
    if (wanted.startsWith("listening")) assert.equal(await greeting(wanted.split(/[ :]/)[1]!), "here");
  }
  assert.deepEqual(listeners.addresses(), []);
});

/** Looks again and again for at most three seconds. */
async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 3000;
  while (!condition()) {
    assert.ok(performance.now() < end, "it did not happen within three seconds");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function greeting(host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(39_128, host);
    socket.on("data", (data) => {
      text += data;
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(text));
  });
}
