import { request as httpRequest } from "node:http";
import type { Socket } from "node:net";
import { connect as tlsConnect } from "node:tls";
import { NoAnswerError } from "../core/errors.ts";

/** Opens a tunnel through a proxy with Node's own HTTP client. */
export function openTunnel(proxy: string, authority: string, signal: AbortSignal): Promise<Socket> {
  const { hostname, port } = new URL(`http://${proxy}`);
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      host: hostname,
      port,
      method: "CONNECT",
      path: authority,
      headers: { host: authority },
      agent: false,
      signal,
    });
    request.once("error", reject);
    request.once("connect", (response, socket: Socket) => {
      // Its owner may come late: an error must not end the process until then.
      socket.on("error", () => {});
      if (response.statusCode === 200) return resolve(socket);
      socket.destroy();
      reject(refused(authority, response.statusCode));
    });
    request.once("response", (response) => {
      response.resume();
      reject(refused(authority, response.statusCode));
    });
    request.end();
  });
}

/** GETs an `https://` URL through a proxy. */
export async function getThroughTunnel(
  proxy: string,
  url: string,
  options: { readonly ca: string; readonly signal: AbortSignal },
): Promise<{ status: number; body: string }> {
  const { hostname, port, pathname } = new URL(url);
  const tunnel = await openTunnel(proxy, `${hostname}:${port || 443}`, options.signal);
  const secure = tlsConnect({ socket: tunnel, servername: hostname, ca: options.ca });
  try {
    return await new Promise((resolve, reject) => {
      const request = httpRequest({
        createConnection: () => secure,
        headers: { host: hostname, connection: "close" },
        path: pathname,
        signal: options.signal,
      });
      secure.once("error", reject);
      request.once("error", reject);
      request.once("response", (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (chunk) => {
          body += chunk;
        });
        response.once("error", reject);
        response.once("end", () => resolve({ status: response.statusCode ?? 0, body }));
      });
      request.end();
    });
  } finally {
    secure.destroy();
    tunnel.destroy();
  }
}

/** Sends `text` through a tunnel, ends that direction, and returns what comes back. */
export async function sendAndEnd(
  proxy: string,
  authority: string,
  text: string,
  signal: AbortSignal,
): Promise<string> {
  const tunnel = await openTunnel(proxy, authority, signal);
  return await new Promise((resolve, reject) => {
    let answer = "";
    const abort = () => tunnel.destroy(signal.reason as Error);
    signal.addEventListener("abort", abort);
    tunnel.once("error", reject);
    tunnel.setEncoding("utf8").on("data", (chunk) => {
      answer += chunk;
    });
    tunnel.once("close", () => {
      signal.removeEventListener("abort", abort);
      resolve(answer);
    });
    tunnel.end(text);
  });
}

function refused(authority: string, status: number | undefined): NoAnswerError {
  return new NoAnswerError(`The tunnel to ${authority} was refused with status ${status}`);
}
