import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

type Route = (request: IncomingMessage, response: ServerResponse, url: URL) => void | Promise<void>;

/** Answers one request to the embedded origin: the paths below, each one way in which an answer can be. */
export async function answerOrigin(
  request: IncomingMessage,
  response: ServerResponse,
  files: ReadonlyMap<string, Buffer>,
): Promise<void> {
  const url = new URL(request.url ?? "/", "http://origin");
  const file = files.get(url.pathname);
  const route = routes[url.pathname];
  if (file) send(response, 200, file, "application/octet-stream");
  else if (route) await route(request, response, url);
  else send(response, 404, "The embedded origin has no such path\n");
}

const routes: Readonly<Record<string, Route>> = {
  "/": (_request, response) => send(response, 200, `${Object.keys(routes).join("\n")}\n`),
  "/small": (_request, response) => send(response, 200, "It works: this came through Sallyport.\n"),
  /** What arrived: method, path, headers, and the body's length and SHA-256. */
  "/echo": async (request, response) => {
    const hash = createHash("sha256");
    let length = 0;
    for await (const chunk of request as AsyncIterable<Buffer>) {
      hash.update(chunk);
      length += chunk.length;
    }
    const { method, url, headers } = request;
    const body = { length, sha256: hash.digest("hex") };
    send(response, 200, `${JSON.stringify({ method, url, headers, body })}\n`, "application/json");
  },
  "/chunked": (_request, response) => {
    response.writeHead(200, { "content-type": "text/plain", trailer: "X-Parts" });
    for (let part = 1; part <= 3; part++) response.write(`part ${part}\n`);
    response.addTrailers({ "X-Parts": "3" });
    response.end();
  },
  /** No length: the connection's end is the end. */
  "/close": (_request, response) => {
    response.useChunkedEncodingByDefault = false;
    response.writeHead(200, { connection: "close", "content-type": "text/plain" });
    response.end("until the end\n");
  },
  /** Before the body is read. */
  "/early": (_request, response) => send(response, 413, "Too large, and not read\n"),
  "/sse": async (_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    for (let event = 1; event <= 3 && !response.destroyed; event++) {
      response.write(`data: event ${event}\n\n`);
      await delay(20);
    }
    response.end();
  },
  "/204": (_request, response) => void response.writeHead(204).end(),
  "/304": (_request, response) => void response.writeHead(304, { etag: '"1"' }).end(),
  /** To a HEAD, a length without a body. */
  "/head": (_request, response) => send(response, 200, "a body for GET\n"),
  "/401": (_request, response) => {
    response.setHeader("WWW-Authenticate", 'Basic realm="origin"');
    send(response, 401, "The origin wants to know who you are\n");
  },
  "/slow": async (_request, response, url) => {
    await delay(numberOf(url, "ms", 1000, 600_000));
    send(response, 200, "late\n");
  },
  /** So many bytes, in blocks, as fast as they are taken. */
  "/big": (_request, response, url) => {
    const size = numberOf(url, "n", 1024 * 1024, 2 ** 40);
    response.writeHead(200, { "content-type": "application/octet-stream", "content-length": size });
    let left = size;
    const pump = () => {
      while (left > 0) {
        const block = left < BLOCK.length ? BLOCK.subarray(0, left) : BLOCK;
        left -= block.length;
        if (!response.write(block) && left > 0) return void response.once("drain", pump);
      }
      response.end();
    };
    pump();
  },
};

const BLOCK = Buffer.alloc(256 * 1024, "sallyport ");

function send(response: ServerResponse, status: number, body: string | Buffer, type = "text/plain"): void {
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(body) }).end(body);
}

function numberOf(url: URL, name: string, otherwise: number, most: number): number {
  const text = url.searchParams.get(name) ?? "";
  return /^\d+$/.test(text) ? Math.min(Number(text), most) : otherwise;
}
