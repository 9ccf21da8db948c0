import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { ListenAddress } from "../../src/config/settings.ts";
import { ListenError } from "../../src/core/errors.ts";
import { Events } from "../../src/observe/events.ts";
import { Listeners } from "../../src/proxy/listeners.ts";
import type { InterfaceAddress } from "../../src/routing/kernel-interfaces.ts";

const fixed = (host: string, port = 0): ListenAddress => ({ kind: "address", host, port });
const byName = (name: string, port: number): ListenAddress => ({ kind: "interface", name, port });
const hasIPv6 = existsSync("/proc/net/if_inet6") && readFileSync("/proc/net/if_inet6", "utf8") !== "";

/** Listeners on interfaces that the test invents; `look` is what the timer would do. */
function listening(t: TestContext) {
  const events = new Events();
  const told: string[] = [];
  events.on("listening", (one) => told.push(`listening ${one.listener} ${one.address}`));
  events.on("closed", (one) => told.push(`closed ${one.listener} ${one.address}`));
  events.on("waiting", (one) => told.push(`waiting ${one.listener}`));
  events.on("warning", (one) => told.push(`warning ${one.message}`));
  const connections: [Socket, ListenAddress][] = [];
  const test = {
    interfaces: [] as InterfaceAddress[],
    told,
    connections,
    following: false,
    look: async () => {},
    stop: new AbortController(),
    /** What was told since the last call. */
    news: () => told.splice(0),
  };
  const listeners = new Listeners({
    onConnection: (socket, listener) => connections.push([socket, listener]),
    events,
    readInterfaces: () => test.interfaces,
    follow: (look) => {
      Object.assign(test, { look, following: true });
      return () => Object.assign(test, { following: false });
    },
  });
  t.after(() => {
    test.stop.abort();
    for (const [socket] of connections) socket.destroy();
  });
  return { listeners, test };
}

function address(name: string, text: string, extra: Partial<InterfaceAddress> = {}): InterfaceAddress {
  return { name, address: text, family: text.includes(":") ? 6 : 4, prefix: 8, ...extra };
}

/** Every 127.x.y.z can be bound on Linux: they stand in for a bridge's addresses. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "0.0.0.0");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

async function occupied(t: TestContext, host: string, port = 0): Promise<{ port: number; server: Server }> {
  const server = createServer((socket) => socket.destroy()).listen(port, host);
  await once(server, "listening");
  t.after(() => server.close());
  return { port: (server.address() as { port: number }).port, server };
}

async function answers(host: string, port: number): Promise<boolean> {
  const socket = connect(port, host);
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

const portOf = (text: string) => Number(text.slice(text.lastIndexOf(":") + 1));

test("fixed addresses are bound when open resolves, and each is told with the port it got", async (t) => {
  const { listeners, test } = listening(t);
  await listeners.open([fixed("127.0.0.1"), fixed("127.0.0.2")], test.stop.signal);
  const [one, two] = listeners.addresses();
  assert.match(one!, /^127\.0\.0\.1:[1-9]\d*$/);
  assert.match(two!, /^127\.0\.0\.2:[1-9]\d*$/);
  assert.deepEqual(test.news(), [`listening 127.0.0.1:0 ${one}`, `listening 127.0.0.2:0 ${two}`]);
  assert.equal(test.following, false);
});

test("a connection comes paused, half-open and with an error listener, and says by which listener", async (t) => {
  const { listeners, test } = listening(t);
  await listeners.open([fixed("127.0.0.1")], test.stop.signal);
  const client = connect(portOf(listeners.addresses()[0]!), "127.0.0.1");
  client.write("hello");
  await once(client, "connect");
  while (test.connections.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const [socket, listener] = test.connections[0]!;
  assert.equal(socket.listenerCount("error"), 1);
  assert.equal(socket.allowHalfOpen, true);
  assert.equal(socket.isPaused() || socket.readableFlowing !== true, true);
  assert.deepEqual(listener, fixed("127.0.0.1"));
  const data = once(socket, "data");
  socket.resume();
  assert.equal(String((await data)[0]), "hello");
  client.destroy();
});

test("an address in use fails with a hint how to see by whom, and nothing stays bound", async (t) => {
  const { listeners, test } = listening(t);
  const { port } = await occupied(t, "127.0.0.1");
  await assert.rejects(
    listeners.open([fixed("127.0.0.3"), fixed("127.0.0.1", port)], test.stop.signal),
    (error) => {
      assert.ok(error instanceof ListenError);
      assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${port}.*EADDRINUSE`));
      assert.match(error.hint!, /ss -ltnp/);
      return true;
    },
  );
  assert.deepEqual(listeners.addresses(), []);
  assert.deepEqual(test.news(), []);
});

test("an address that is not this host's fails with the advice to name its interface", async (t) => {
  const { listeners, test } = listening(t);
  await assert.rejects(listeners.open([fixed("192.0.2.250", 3128)], test.stop.signal), (error) => {
    assert.match((error as ListenError).hint!, /docker0:3128/);
    return true;
  });
});

test("all addresses means IPv4 and, where there is IPv6, that too", async (t) => {
  const { listeners, test } = listening(t);
  await listeners.open([fixed("")], test.stop.signal);
  const [bound] = listeners.addresses();
  assert.equal(bound!.startsWith(hasIPv6 ? "[::]:" : "0.0.0.0:"), true);
  assert.equal(await answers("127.0.0.1", portOf(bound!)), true);
  if (hasIPv6) assert.equal(await answers("::1", portOf(bound!)), true);
});

test("a listener that another covers is left out with a warning", async (t) => {
  const { listeners, test } = listening(t);
  const port = await freePort();
  test.interfaces = [address("docker0", "127.0.0.9")];
  await listeners.open(
    [fixed("127.0.0.1", port), byName("docker0", port), fixed("", port)],
    test.stop.signal,
  );
  assert.equal(listeners.addresses().length, 1);
  assert.equal(test.news().filter((one) => one.startsWith("warning")).length, 2);
});

test("an interface is waited for, bound when its address appears, moved and dropped with it", async (t) => {
  const { listeners, test } = listening(t);
  const port = await freePort();
  await listeners.open([byName("docker0", port)], test.stop.signal);
  assert.deepEqual(test.news(), [`waiting docker0:${port}`]);
  assert.equal(test.following, true);

  test.interfaces = [address("eth0", "127.0.0.8"), address("docker0", "127.0.0.9")];
  await test.look();
  assert.deepEqual(test.news(), [`listening docker0:${port} 127.0.0.9:${port}`]);
  assert.equal(await answers("127.0.0.9", port), true);
  await test.look();
  assert.deepEqual(test.news(), []);

  test.interfaces = [address("docker0", "127.0.0.10")];
  await test.look();
  assert.deepEqual(test.news(), [
    `closed docker0:${port} 127.0.0.9:${port}`,
    `listening docker0:${port} 127.0.0.10:${port}`,
  ]);
  assert.equal(await answers("127.0.0.9", port), false);
  assert.equal(await answers("127.0.0.10", port), true);

  test.interfaces = [];
  await test.look();
  assert.deepEqual(test.news(), [`closed docker0:${port} 127.0.0.10:${port}`, `waiting docker0:${port}`]);
  assert.deepEqual(listeners.addresses(), []);
  test.stop.abort();
  assert.equal(test.following, false);
});

test("all addresses of an interface are bound, but link-local and unsure ones are not", async (t) => {
  const { listeners, test } = listening(t);
  const port = await freePort();
  test.interfaces = [
    address("docker0", "127.0.0.9"),
    address("docker0", "127.0.0.10"),
    address("docker0", "fe80::1"),
    address("docker0", "127.0.0.11", { tentative: true }),
    ...(hasIPv6 ? [address("docker0", "::1")] : []),
  ];
  await listeners.open([byName("docker0", port)], test.stop.signal);
  const wanted = [`127.0.0.9:${port}`, `127.0.0.10:${port}`, ...(hasIPv6 ? [`[::1]:${port}`] : [])];
  assert.deepEqual(listeners.addresses(), wanted);
});

test("an address that has gone again before it was bound is tried at the next look, without a word", async (t) => {
  const { listeners, test } = listening(t);
  const port = await freePort();
  test.interfaces = [address("docker0", "192.0.2.250")];
  await listeners.open([byName("docker0", port)], test.stop.signal);
  await test.look();
  assert.deepEqual(test.news(), []);
  test.interfaces = [address("docker0", "127.0.0.9")];
  await test.look();
  assert.deepEqual(test.news(), [`listening docker0:${port} 127.0.0.9:${port}`]);
});

test("an interface's address that another program has is told once, and bound when it is free", async (t) => {
  const { listeners, test } = listening(t);
  const { port, server } = await occupied(t, "127.0.0.9");
  await listeners.open([byName("docker0", port)], test.stop.signal);
  test.news();
  test.interfaces = [address("docker0", "127.0.0.9")];
  await test.look();
  await test.look();
  const news = test.news();
  assert.equal(news.length, 1);
  assert.match(news[0]!, /^warning Cannot listen on 127\.0\.0\.9/);
  server.close();
  await once(server, "close");
  await test.look();
  assert.deepEqual(test.news(), [`listening docker0:${port} 127.0.0.9:${port}`]);
});

test("a reload keeps what stays, opens what is new and closes what went; connections stay open", async (t) => {
  const { listeners, test } = listening(t);
  const [a, b, c] = [await freePort(), await freePort(), await freePort()];
  await listeners.open([fixed("127.0.0.1", a), fixed("127.0.0.1", b)], test.stop.signal);
  const client = connect(b, "127.0.0.1");
  t.after(() => client.destroy());
  await once(client, "connect");
  while (test.connections.length === 0) await new Promise((resolve) => setImmediate(resolve));
  test.news();

  await listeners.update([fixed("127.0.0.1", a), fixed("127.0.0.1", c)]);
  assert.deepEqual(test.news(), [
    `closed 127.0.0.1:${b} 127.0.0.1:${b}`,
    `listening 127.0.0.1:${c} 127.0.0.1:${c}`,
  ]);
  assert.deepEqual(listeners.addresses(), [`127.0.0.1:${a}`, `127.0.0.1:${c}`]);
  assert.equal(await answers("127.0.0.1", b), false);
  const echo = once(client, "data");
  test.connections[0]![0].write("still here");
  assert.equal(String((await echo)[0]), "still here");
});

test("a reload that fails leaves everything as it was", async (t) => {
  const { listeners, test } = listening(t);
  const [a, b] = [await freePort(), await freePort()];
  const { port: taken } = await occupied(t, "127.0.0.1");
  await listeners.open([fixed("127.0.0.1", a)], test.stop.signal);
  test.news();
  await assert.rejects(listeners.update([fixed("127.0.0.1", b), fixed("127.0.0.1", taken)]), ListenError);
  assert.deepEqual(listeners.addresses(), [`127.0.0.1:${a}`]);
  assert.deepEqual(test.news(), []);
  assert.equal(await answers("127.0.0.1", a), true);
  assert.equal(await answers("127.0.0.1", b), false);
  await listeners.update([fixed("127.0.0.1", b)]);
  assert.deepEqual(listeners.addresses(), [`127.0.0.1:${b}`]);
});

test("a reload from one address to all addresses, and back, keeps the port", async (t) => {
  const { listeners, test } = listening(t);
  const port = await freePort();
  await listeners.open([fixed("127.0.0.1", port)], test.stop.signal);
  await listeners.update([fixed("0.0.0.0", port)]);
  assert.deepEqual(listeners.addresses(), [`0.0.0.0:${port}`]);
  await listeners.update([fixed("127.0.0.1", port)]);
  assert.deepEqual(listeners.addresses(), [`127.0.0.1:${port}`]);
  assert.equal(await answers("127.0.0.1", port), true);
});

test("what had to step aside is bound again when the reload fails after that", async (t) => {
  const { listeners, test } = listening(t);
  const port = await freePort();
  const { port: taken } = await occupied(t, "127.0.0.1");
  await listeners.open([fixed("127.0.0.1", port)], test.stop.signal);
  test.news();
  await assert.rejects(listeners.update([fixed("0.0.0.0", port), fixed("127.0.0.1", taken)]), ListenError);
  assert.deepEqual(listeners.addresses(), [`127.0.0.1:${port}`]);
  assert.equal(await answers("127.0.0.1", port), true);
  assert.deepEqual(test.news(), []);
});

test("a reload can take an interface away and bring another", async (t) => {
  const { listeners, test } = listening(t);
  const port = await freePort();
  test.interfaces = [address("docker0", "127.0.0.9"), address("br-1", "127.0.0.10")];
  await listeners.open([byName("docker0", port)], test.stop.signal);
  await listeners.update([byName("br-1", port), byName("later", port)]);
  assert.deepEqual(listeners.addresses(), [`127.0.0.10:${port}`]);
  assert.equal(test.news().at(-1), `waiting later:${port}`);
  await listeners.update([fixed("127.0.0.1", port)]);
  assert.equal(test.following, false);
});

test("a Unix socket gets mode 0660 and serves; its file goes with it", async (t) => {
  const { listeners, test } = listening(t);
  const path = join(folder(t), "proxy.sock");
  await listeners.open([{ kind: "unix", path }], test.stop.signal);
  assert.equal(statSync(path).mode & 0o777, 0o660);
  assert.deepEqual(listeners.addresses(), [`unix:${path}`]);
  const client = connect(path);
  await once(client, "connect");
  client.destroy();
  listeners.close();
  assert.equal(existsSync(path), false);
});

test("a socket file that nobody answers on is replaced, one with a server or another kind of file is not", async (t) => {
  const { listeners, test } = listening(t);
  const path = join(folder(t), "proxy.sock");
  const { spawnSync } = await import("node:child_process");
  // A process that ends without closing leaves its socket file behind.
  const script = `require("net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
  spawnSync(process.execPath, ["-e", script]);
  assert.ok(statSync(path).isSocket());
  await listeners.open([{ kind: "unix", path }], test.stop.signal);
  assert.equal(listeners.addresses().length, 1);

  const second = listening(t);
  await assert.rejects(
    second.listeners.open([{ kind: "unix", path }], second.test.stop.signal),
    /another program/,
  );
  assert.ok(statSync(path).isSocket());

  const file = join(folder(t), "notes.txt");
  writeFileSync(file, "keep me");
  await assert.rejects(listeners.update([{ kind: "unix", path: file }]), /no socket is there/);
  assert.equal(readFileSync(file, "utf8"), "keep me");
});

test("a socket path that the kernel would cut is refused", async (t) => {
  const { listeners, test } = listening(t);
  await assert.rejects(
    listeners.open([{ kind: "unix", path: `/tmp/${"x".repeat(110)}` }], test.stop.signal),
    /107 bytes/,
  );
});

test("after the signal nothing is bound, and nothing comes back", async (t) => {
  const { listeners, test } = listening(t);
  const port = await freePort();
  test.interfaces = [address("docker0", "127.0.0.9")];
  const opening = listeners.open([fixed("127.0.0.1", port), byName("docker0", port)], test.stop.signal);
  test.stop.abort();
  await opening;
  assert.deepEqual(listeners.addresses(), []);
  assert.equal(await answers("127.0.0.1", port), false);
  await test.look();
  await listeners.update([fixed("127.0.0.1", port)]);
  assert.deepEqual(listeners.addresses(), []);
});

test("a signal in the middle of opening leaves nothing bound", async (t) => {
  const { listeners, test } = listening(t);
  const port = await freePort();
  Object.defineProperty(test, "interfaces", {
    get: () => {
      test.stop.abort();
      return [];
    },
  });
  await listeners.open([fixed("127.0.0.1", port), byName("docker0", port)], test.stop.signal);
  assert.deepEqual(listeners.addresses(), []);
  assert.deepEqual(test.news(), []);
  assert.equal(await answers("127.0.0.1", port), false);
});

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "sallyport-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
