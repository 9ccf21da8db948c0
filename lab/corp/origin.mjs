// origin.mjs ADDRESS: an origin with odd answers on port 80, and two raw TCP services.
import { createHash } from "node:crypto";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";

const address = process.argv[2];
const limits = {
  keepAliveTimeout: 3600e3,
  headersTimeout: 3600e3,
  requestTimeout: 0,
  maxHeaderSize: 1 << 20,
};

const answers = {
  "/chunked": (_request, response) => {
    response.write("a".repeat(1000));
    setTimeout(() => {
      response.write("b".repeat(1000));
      response.end("end");
    }, 50);
  },
  // A body that ends with the connection: no length, no chunks.
  "/close": (_request, response) => {
    response.shouldKeepAlive = false;
    response.useChunkedEncodingByDefault = false;
    response.removeHeader("transfer-encoding");
    response.write("x".repeat(5000));
    setTimeout(() => response.end("END"), 50);
  },
  "/204": (_request, response) => response.writeHead(204).end(),
  "/304": (_request, response) => response.writeHead(304, { "Content-Length": "100" }).end(),
  "/head": (request, response) => {
    response.writeHead(200, { "Content-Length": "12345" });
    response.end(request.method === "HEAD" ? undefined : "z".repeat(12345));
  },
  // Answers before the request's body has come.
  "/early": (_request, response) =>
    response.writeHead(413, { "Content-Length": "4", Connection: "close" }).end("nope"),
  "/sse": (_request, response) => {
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    let sent = 0;
    const timer = setInterval(() => {
      response.write(`data: ${Date.now()}\n\n`);
      if (++sent < 5) return;
      clearInterval(timer);
      response.end();
    }, 200);
  },
  "/hang": () => {},
  "/hdr": (_request, response, url) =>
    response.setHeader("X-Big", "y".repeat(Number(url.searchParams.get("n")) || 1000)).end("ok"),
  "/multi": (_request, response) =>
    response.setHeader("Set-Cookie", ["a=1", "b=2"]).setHeader("Link", ["<a>", "<b>"]).end("ok"),
};

createHttpServer(limits, (request, response) => {
  const url = new URL(request.url, "http://origin");
  const answer = answers[url.pathname] ?? describe;
  answer(request, response, url);
})
  .on("upgrade", (_request, socket) => {
    socket.on("error", () => {});
    socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
    socket.pipe(socket);
  })
  .listen(80, address);

// Anything else: what came, as JSON.
function describe(request, response) {
  const hash = createHash("md5");
  let length = 0;
  request.on("data", (data) => {
    length += data.length;
    hash.update(data);
  });
  request.on("end", () => {
    const headers = request.rawHeaders.join("|").slice(0, 600);
    const seen = {
      m: request.method,
      u: request.url,
      n: length,
      md5: hash.digest("hex"),
      v: request.httpVersion,
    };
    const body = `${JSON.stringify({ ...seen, h: headers })}\n`;
    response.setHeader("Content-Length", Buffer.byteLength(body));
    response.end(body);
  });
}

// Answers only after the client has ended its half.
createServer({ allowHalfOpen: true }, (socket) => {
  let length = 0;
  socket.on("error", () => {});
  socket.on("data", (data) => {
    length += data.length;
  });
  socket.on("end", () => setTimeout(() => socket.end(`GOT ${length}\n`), 300));
}).listen(7000, address);

// Speaks first, then echoes.
createServer((socket) => {
  socket.on("error", () => {});
  socket.write("BANNER\n");
  socket.pipe(socket);
}).listen(7001, address);
