import { createRequire } from "node:module";
import type { Taken } from "./messages.ts";

/** Node's own parser, as its server uses it by default: the second opinion on where messages end. */
interface Parser {
  initialize(type: number, owner: object, maxHeaderSize: number, lenient: number): void;
  execute(bytes: Buffer): number | (Error & { code: string });
  close(): void;
  [callback: number]: (...args: never[]) => unknown;
}
interface ParserClass {
  new (): Parser;
  readonly REQUEST: number;
  readonly RESPONSE: number;
  readonly kOnHeaders: number;
  readonly kOnHeadersComplete: number;
  readonly kOnBody: number;
  readonly kOnMessageComplete: number;
}

const { HTTPParser } = createRequire(import.meta.url)("node:_http_common") as { HTTPParser: ParserClass };

/** What it sees in a connection's bytes, up to what it refuses (`code` says why). */
export function llhttp(
  kind: "REQUEST" | "RESPONSE",
  bytes: Buffer,
): { taken: Taken[]; code: string | undefined } {
  const parser = new HTTPParser();
  parser.initialize(HTTPParser[kind], {}, 1024 * 1024, 0);
  const taken: Taken[] = [];
  let url = "";
  let now = { method: "", target: "", body: "" };
  parser[HTTPParser.kOnHeaders] = (_: unknown, part: string) => {
    url += part;
  };
  parser[HTTPParser.kOnHeadersComplete] = (
    _major: number,
    _minor: number,
    _headers: unknown,
    method: number,
    target: string | undefined,
  ) => {
    now = { method: methods.get(method) ?? "?", target: target ?? url, body: "" };
    url = "";
    return 0;
  };
  parser[HTTPParser.kOnBody] = (part: Buffer) => {
    now.body += part.toString("latin1");
  };
  parser[HTTPParser.kOnMessageComplete] = () => {
    taken.push(now);
    // Trailers come with the target once more.
    url = "";
  };
  const result = parser.execute(bytes);
  parser.close();
  return { taken, code: typeof result === "number" ? undefined : result.code };
}

/** The parser gives methods as numbers, whose meaning only it knows: asked once. */
const methods = new Map<number, string>();
for (const method of ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"]) {
  const parser = new HTTPParser();
  parser.initialize(HTTPParser.REQUEST, {}, 1024, 0);
  parser[HTTPParser.kOnHeadersComplete] = (_major: number, _minor: number, _: unknown, number: number) => {
    methods.set(number, method);
    return 0;
  };
  parser.execute(Buffer.from(`${method} / HTTP/1.1\r\n\r\n`));
  parser.close();
}
