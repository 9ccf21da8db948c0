import { NoAnswerError } from "../core/errors.ts";
import type { Connection } from "./connection.ts";

/**
 * Whether any HTTP answer comes from a parent: what one that is well gives at once, a logon or not. Each method is
 * asked on a connection of its own; the next one only where the one before was answered by closing.
 * @throws what kept a connection from being opened
 */
export async function answersAtAll(options: {
  open(signal: AbortSignal): Promise<Connection>;
  readonly methods: readonly ("TRACE" | "HEAD")[];
  /** `host:port` of what the parent was last asked for. */
  readonly authority: string;
  /** Milliseconds for all of it. */
  readonly within: number;
  readonly signal: AbortSignal;
}): Promise<boolean> {
  const limit = AbortSignal.any([options.signal, AbortSignal.timeout(options.within)]);
  for (const method of options.methods) {
    const connection = await options.open(limit);
    try {
      connection.send(probeHead(method, options.authority, "Connection: close", undefined));
      await connection.answer(limit);
      return true;
    } catch (error) {
      if (limit.aborted || !(error instanceof NoAnswerError)) return false;
    } finally {
      connection.wire.destroy();
    }
  }
  return false;
}

/**
 * A request that costs nobody anything: a TRACE that the parent answers itself (RFC 9110, 7.6.2), or a HEAD.
 * @param target a URL, or the `host:port` of the last request's: as the client wrote it, which a URL may refuse
 * @param connection the header that says whether the connection stays
 */
export function probeHead(
  method: "TRACE" | "HEAD",
  target: URL | string,
  connection: string,
  authorization: string | undefined,
): string {
  const proof = authorization === undefined ? "" : `Proxy-Authorization: ${authorization}\r\n`;
  const [href, host] =
    typeof target === "string" ? [`http://${target}/`, target] : [target.href, target.host];
  return `${method} ${href} HTTP/1.1\r\nHost: ${host}\r\nMax-Forwards: 0\r\n${connection}\r\n${proof}\r\n`;
}
