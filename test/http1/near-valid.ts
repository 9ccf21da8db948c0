import fc from "fast-check";

/** Lines and bodies on the border of what is valid, where implementations are known to differ. */
const requestLines = [
  "GET / HTTP/1.1",
  "POST / HTTP/1.1",
  "PUT http://a.example/ HTTP/1.1",
  "GET / HTTP/1.1",
  "POST http://a.example/b?c=d HTTP/1.1",
  "PUT /x HTTP/1.1",
  "POST / HTTP/1.0",
  "DELETE http://a:80/ HTTP/1.1",
  "HEAD / HTTP/1.1",
  "GET  / HTTP/1.1",
  "GET /\tHTTP/1.1",
  "GET /a b HTTP/1.1",
  "GET / HTTP/1.1 ",
  "\r\nGET / HTTP/1.1",
  "\nGET / HTTP/1.1",
];
const lengths = [
  "5",
  "5",
  "5",
  "0",
  "5, 5",
  "5,6",
  "05",
  "+5",
  "-5",
  "0x5",
  "5 5",
  "",
  ",5",
  "5,",
  " 5\t",
  "\xa05",
  "5\x0b",
  "18446744073709551621",
];
const codings = [
  "chunked",
  "Chunked",
  "chunked",
  "chunked",
  "chunked, identity",
  "identity, chunked",
  "identity",
  "gzip, chunked",
  "chunked, chunked",
  "chunked,",
  ",chunked",
  ", ",
  "",
  "\tchunked \t",
  "\x0bchunked",
  "\xa0chunked",
  "chunked\xa0",
  "chunked,\xa0",
  "xchunked",
  "chunked;a=b",
  '"chunked"',
  "chunked\0",
];
const odd = [
  "Content_Length: 5",
  "Content-Length : 5",
  "Transfer-Encoding : chunked",
  "Transfer-Encoding\t: chunked",
  "Transfer-Encoding\0: chunked",
  " Transfer-Encoding: chunked",
  "X: a\r\n b",
  "X: a\r\n Content-Length: 5",
  "X: a\nContent-Length: 5",
  "X: a\rContent-Length: 5",
  "X: a\r\r\nContent-Length: 5",
  "X: \0",
  "X: \x7f",
  "X: caf\xc3\xa9",
  "X",
  ": x",
  "(: x",
  "X:",
  "Host: a.example",
  "TE: trailers",
  "Connection: keep-alive",
  "Proxy-Connection: keep-alive",
  "Connection: close",
  "Keep-Alive: 5",
];
const bodies = [
  "",
  "hello",
  "helloworld",
  "0\r\n\r\n",
  "5\r\nhello\r\n0\r\n\r\n",
  "5;a=b\r\nhello\r\n0\r\n\r\n",
  "5;a\nhello\r\n0\r\n\r\n",
  "005\r\nhello\r\n0\r\n\r\n",
  "0x5\r\nhello\r\n0\r\n\r\n",
  "5 x\r\nhello\r\n0\r\n\r\n",
  "+5\r\nhello\r\n0\r\n\r\n",
  "5\nhello\n0\n\n",
  "5\r\nhello0\r\n\r\n",
  "5\r\nhello\r\r\n0\r\n\r\n",
  "5\r\nhello\r\n0\r\nA: b\r\n\r\n",
  "5\r\nhello\r\n0\r\nContent-Length: 7\r\n\r\n",
  "5\r\nhello\r\n0\r\nA\r\n\r\n",
  "5\r\nhello\r\n0\r\n: b\r\n\r\n",
  "5\r\nhello\r\n0\r\nA: b\nB: c\r\n\r\n",
  "0\r\n\n",
  "10000000000000005\r\nhello\r\n0\r\n\r\n",
  "ffffffffffffffff\r\nhello\r\n0\r\n\r\n",
  "g\r\n",
];
const named = (name: string, values: readonly string[]) =>
  fc.constantFrom(...values).map((value) => `${name}: ${value}`);

const fields = fc.array(
  fc.oneof(
    named("Content-Length", lengths),
    named("Transfer-Encoding", codings),
    named("transfer-ENCODING", ["chunked", "identity"]),
    fc.constantFrom(...odd),
  ),
  { maxLength: 4 },
);

/** Mostly CRLF: with others most requests would be refused at once. */
const lineEnd = fc.constantFrom(
  "\r\n",
  "\r\n",
  "\r\n",
  "\r\n",
  "\r\n",
  "\r\n",
  "\r\n",
  "\n",
  "\r",
  "\r\r\n",
  " \r\n",
);

const message = (starts: readonly string[]) =>
  fc
    .record({
      start: fc.constantFrom(...starts),
      list: fields,
      end: lineEnd,
      body: fc.constantFrom(...bodies),
    })
    .map(
      ({ start, list, end, body }) =>
        `${[start, ...list].map((line, i) => line + (i === 0 ? end : "\r\n")).join("")}\r\n${body}`,
    );

const damage = fc.array(
  fc.record({
    at: fc.nat(),
    byte: fc.constantFrom(0, 9, 10, 11, 13, 32, 44, 48, 53, 58, 59, 0x7f, 0xa0, 0xff),
    how: fc.constantFrom("set", "insert", "remove"),
  }),
  { maxLength: 2 },
);

/** Changes single bytes of a valid text. */
function damaged(text: string, places: readonly { at: number; byte: number; how: string }[]): Buffer {
  const bytes = [...Buffer.from(text, "latin1")];
  for (const { at, byte, how } of places) {
    const place = at % (bytes.length + 1);
    if (how === "insert") bytes.splice(place, 0, byte);
    else if (how === "remove") bytes.splice(place, 1);
    else bytes[place] = byte;
  }
  return Buffer.from(bytes);
}

const marker = "GET /marker HTTP/1.1\r\nHost: m\r\n\r\n";

/** One or two requests on one connection, then one that shows where the next was taken to begin. */
export const nearValidRequests = fc
  .tuple(fc.array(message(requestLines), { minLength: 1, maxLength: 2 }), damage)
  .map(([messages, places]) => damaged(messages.join("") + marker, places));

export const nearValidAnswers = fc
  .tuple(
    message([
      "HTTP/1.1 200 OK",
      "HTTP/1.0 200 OK",
      "HTTP/1.1 204 No Content",
      "HTTP/1.1 304 X",
      "HTTP/1.1 200",
      "HTTP/1.1  200 OK",
    ]),
    damage,
  )
  .map(([text, places]) => damaged(text, places));
