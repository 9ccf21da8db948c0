import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type LookupFunction } from "node:net";
import { test } from "node:test";
import { ConnectError, ConnectTimeoutError, ResolveError, TargetDeniedError } from "../../src/core/errors.ts";
import { type DialOptions, dial } from "../../src/wire/dial.ts";
import { Collected, closed, listen, turn } from "./sockets.ts";

const options = (rest: Partial<DialOptions>): DialOptions => ({
  host: "name.example",
  port: 9,
  name: "name.example:9",
  timeout: 5000,
  signal: undefined,
  ...rest,
});

/** A lookup with this answer; the proxy's own may refuse in the same way. */
const answers =
  (...addresses: string[]): LookupFunction =>
  (_, { all }, done) => {
    const list = addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
    if (all) done(null, list);
    else done(null, list[0]!.address, list[0]!.family);
  };
const fails =
  (error: Error): LookupFunction =>
  (_, __, done) =>
    done(error, "", 0);
const silent: LookupFunction = () => {};

test("a wire to a server that answers: bytes both ways into a reused buffer", async (context) => {
  const server = createServer((socket) => socket.pipe(socket));
  const { port } = (await listen(context, server)) as { port: number };
  const wire = await dial(options({ port, lookup: answers("127.0.0.1") }));
  const reader = new Collected();
  wire.read(reader);
  wire.socket.write("ping");
  assert.equal(await reader.atLeast(4), "ping");
  wire.end();
  assert.equal(await reader.ended(), "ping");
  assert.equal(await closed(wire), undefined);
});

test("all addresses of a name are tried", async (context) => {
  const server = createServer((socket) => socket.end("here"));
  const { port } = (await listen(context, server)) as { port: number };
  const wire = await dial(options({ port, lookup: answers("::1", "127.0.0.2", "127.0.0.1") }));
  const reader = new Collected();
  wire.read(reader);
  assert.equal(await reader.ended(), "here");
  wire.destroy();
});

test("a port where nothing listens is refused, and said so", async (context) => {
  const server = createServer();
  const { port } = (await listen(context, server)) as { port: number };
  await new Promise((resolve) => server.close(resolve));
  for (const host of ["127.0.0.1", "name.example"])
    await assert.rejects(
      dial(options({ host, port, lookup: answers("127.0.0.1", "127.0.0.2") })),
      (error) => error instanceof ConnectError && /refused \(nothing listens/.test(error.message),
    );
});

test("a name that does not resolve is a ResolveError, and what a lookup refuses with is passed on", async () => {
  for (const code of ["ENOTFOUND", "EAI_AGAIN"])
    await assert.rejects(
      dial(options({ lookup: fails(Object.assign(new Error("x"), { code })) })),
      (error) => error instanceof ResolveError && error.message.includes(code),
    );
  const refusal = new TargetDeniedError("not that one");
  await assert.rejects(dial(options({ lookup: fails(refusal) })), (error) => error === refusal);
});

test("a lookup that throws or a port that is none rejects at once, and keeps no timer", async (context) => {
  const clear = context.mock.method(globalThis, "clearTimeout");
  const thrown = new Error("thrown");
  const throws: LookupFunction = () => {
    throw thrown;
  };
  await assert.rejects(dial(options({ lookup: throws })), ConnectError);
  await assert.rejects(dial(options({ port: 70_000 })), ConnectError);
  assert.ok(clear.mock.callCount() >= 2);
});

test("a lookup that never answers ends at the limit, with what was tried in the message", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const dialled = dial(options({ lookup: silent, timeout: 3000 }));
  context.mock.timers.tick(2999);
  context.mock.timers.tick(1);
  await assert.rejects(
    dialled,
    (error) =>
      error instanceof ConnectTimeoutError && /name\.example:9 took longer than 3 s/.test(error.message),
  );
});

test("an address that does not answer (a full backlog) ends at the limit", async (context) => {
  // A process that listens and is stopped: the kernel fills its queue, and then drops what comes.
  const program = `require("node:net").createServer().listen({ port: 0, host: "127.0.0.1", backlog: 1 }, function () {
    console.log(this.address().port);
  })`;
  const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
  context.after(() => child.kill("SIGKILL"));
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const port = Number(line);
  child.kill("SIGSTOP");
  const fillers = Array.from({ length: 6 }, () => connect({ port, host: "127.0.0.1" }).on("error", () => {}));
  context.after(() => fillers.forEach((one) => void one.destroy()));
  await once(fillers[0]!, "connect");
  await assert.rejects(
    dial(options({ host: "127.0.0.1", port, timeout: 200 })),
    (error) => error instanceof ConnectTimeoutError && /no answer at all/.test(error.message),
  );
});

test("an abort ends the wait with its own reason, before and during the lookup", async () => {
  const reason = new Error("no longer wanted");
  await assert.rejects(dial(options({ signal: AbortSignal.abort(reason) })), (error) => error === reason);
  const abort = new AbortController();
  let answer: (() => void) | undefined;
  const late: LookupFunction = (name, how, done) => {
    answer = () => answers("127.0.0.1")(name, how, done);
  };
  const dialled = dial(options({ lookup: late, signal: abort.signal }));
  abort.abort(reason);
  await assert.rejects(dialled, (error) => error === reason);
  // An answer that comes too late does nothing.
  answer?.();
  await turn();
});

test("an abort after the connection does nothing to it", async (context) => {
  const server = createServer((socket) => socket.resume());
  const { port } = (await listen(context, server)) as { port: number };
  const abort = new AbortController();
  const wire = await dial(options({ host: "127.0.0.1", port, signal: abort.signal }));
  abort.abort();
  await turn();
  assert.equal(wire.closed, false);
  wire.destroy();
});
