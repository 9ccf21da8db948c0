import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { ListenError } from "../../src/core/errors.ts";
import type { Health } from "../../src/observe/health.ts";
import type { ServiceAddress } from "../../src/observe/listen-on.ts";
import type { Metrics } from "../../src/observe/metrics.ts";
import { startMetricsServer } from "../../src/observe/metrics-server.ts";

const loopback: ServiceAddress = { kind: "address", host: "127.0.0.1", port: 0 };
const metrics: Metrics = { contentType: "text/plain", text: async () => "up 1\n", end: () => {} };

async function start(
  t: TestContext,
  listen = loopback,
  given: Partial<{ metrics: Metrics; health: Health }> = {},
) {
  const health = { ready: true, stopping: false, parents: [], ...given.health };
  const errors: unknown[] = [];
  const server = await startMetricsServer({
    listen,
    metrics: given.metrics ?? metrics,
    health: () => health,
    onError: (error) => errors.push(error),
  });
  t.after(() => server.close());
  return { server, health, errors };
}

interface Answer {
  status: number;
  headers: NodeJS.Dict<string | string[]>;
  body: string;
}

function ask(address: string, path: string, method = "GET", host?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const unix = address.startsWith("/");
    const { hostname, port } = unix ? { hostname: "", port: "" } : new URL(`http://${address}`);
    const sent = request({
      ...(unix ? { socketPath: address } : { host: hostname.replace(/^\[|\]$/g, ""), port }),
      path,
      method,
      agent: false,
      headers: host === undefined ? {} : { host },
    });
    sent.on("error", reject);
    sent.on("response", (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        body += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode!, headers: response.headers, body }));
    });
    sent.end();
  });
}

function folder(t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), "sallyport-"));
  t.after(() => rmSync(made, { recursive: true }));
  return made;
}

/** Sends bytes as they are, and gives back all that came until the server closed. */
function raw(address: string, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(address.split(":")[1]), "127.0.0.1", () => socket.write(bytes));
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
    });
    socket.on("close", () => resolve(text));
    socket.on("error", reject);
  });
}

test("metrics and health are served on an address of their own, the rest is 404 or 405", async (t) => {
  const { server, health } = await start(t);
  assert.match(server.address, /^127\.0\.0\.1:\d+$/);
  const scraped = await ask(server.address, "/metrics");
  assert.deepEqual(
    [scraped.status, scraped.body, scraped.headers["content-type"]],
    [200, "up 1\n", "text/plain"],
  );
  assert.equal(scraped.headers["x-content-type-options"], "nosniff");
  assert.deepEqual(JSON.parse((await ask(server.address, "/healthz?x=1")).body), {
    status: "ok",
    parents: [],
  });
  health.parents = [{ parent: "p:1", up: false }] as never;
  const ill = await ask(server.address, "/healthz");
  assert.deepEqual([ill.status, JSON.parse(ill.body).reason], [503, "No parent is up: p:1."]);
  assert.equal((await ask(server.address, "/")).status, 404);
  assert.equal((await ask(server.address, "/metrics/x")).status, 404);
  for (const method of ["POST", "HEAD", "DELETE"]) {
    const refused = await ask(server.address, "/metrics", method);
    assert.deepEqual([refused.status, refused.headers.allow], [405, "GET"]);
  }
});

test("a name that is not this host's is refused: DNS rebinding", async (t) => {
  const { server } = await start(t);
  assert.equal((await ask(server.address, "/metrics", "GET", "evil.example")).status, 421);
  assert.equal((await ask(server.address, "/healthz", "GET", "evil.example:80")).status, 421);
  assert.equal((await ask(server.address, "/metrics", "GET", "localhost:1")).status, 200);
});

test("it listens on IPv6 and on a Unix socket, where any Host is fine", async (t) => {
  const six = await start(t, { kind: "address", host: "::1", port: 0 });
  assert.match(six.server.address, /^\[::1\]:\d+$/);
  assert.equal((await ask(six.server.address, "/metrics")).status, 200);
  const path = join(folder(t), "metrics.sock");
  const unix = await start(t, { kind: "unix", path });
  assert.equal(unix.server.address, path);
  assert.equal((await ask(path, "/metrics", "GET", "whoever")).status, 200);
});

test("a socket that a dead process left is replaced, a live one and a file are not", async (t) => {
  const path = join(folder(t), "metrics.sock");
  // A listener whose file is moved away before it closes leaves a socket that nobody serves.
  const dead = createServer().listen(`${path}.old`);
  await new Promise((resolve) => dead.once("listening", resolve));
  renameSync(`${path}.old`, path);
  await new Promise((resolve) => dead.close(resolve));
  await start(t, { kind: "unix", path });
  assert.equal((await ask(path, "/metrics")).status, 200);
  await assert.rejects(start(t, { kind: "unix", path }), /another program listens there/);
  const file = join(folder(t), "file");
  writeFileSync(file, "kept");
  await assert.rejects(start(t, { kind: "unix", path: file }), ListenError);
  assert.equal(readFileSync(file, "utf8"), "kept");
});

test("an address that cannot be bound is named, with a mend", async (t) => {
  const { server } = await start(t);
  const port = Number(server.address.split(":")[1]);
  await assert.rejects(start(t, { ...loopback, port } as ServiceAddress), (error: ListenError) => {
    assert.equal(error.code, "SP_LISTEN");
    assert.equal(
      error.message,
      `The metrics cannot be served on 127.0.0.1:${port}: another program listens there.`,
    );
    assert.match(error.hint ?? "", /ss -ltnp/);
    return true;
  });
  await assert.rejects(start(t, { kind: "interface", name: "docker0", port: 1 }), ListenError);
});

test("metrics that cannot be collected are a 500 that gives nothing away", async (t) => {
  const broken = { ...metrics, text: () => Promise.reject(new Error("hunter2")) };
  const { server, errors } = await start(t, loopback, { metrics: broken });
  const answer = await ask(server.address, "/metrics");
  assert.equal(answer.status, 500);
  assert.doesNotMatch(answer.body, /hunter2/);
  assert.equal(errors.length, 1);
});

test("bad, huge and foreign requests are refused and harm nobody", async (t) => {
  const { server } = await start(t);
  assert.match(await raw(server.address, "nonsense\r\n\r\n"), /^HTTP\/1\.1 400 /);
  const huge = `GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: ${"x".repeat(20_000)}\r\n\r\n`;
  assert.match(await raw(server.address, huge).catch(() => "HTTP/1.1 400 reset"), /^HTTP\/1\.1 4/);
  assert.match(await raw(server.address, "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n"), /^HTTP\/1\.1 405 /);
  assert.match(await raw(server.address, "GET /metrics HTTP/1.1\r\n\r\n"), /^HTTP\/1\.1 400 /);
  assert.equal((await ask(server.address, "/metrics")).status, 200);
});

test("closing ends connections that are kept alive", async (t) => {
  const { server } = await start(t);
  const idle = raw(server.address, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await ask(server.address, "/metrics");
  await Promise.all([server.close(), server.close()]);
  await idle.catch(() => "");
});
