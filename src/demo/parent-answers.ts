import { STATUS_CODES } from "node:http";
import type { RequestHead } from "../http1/head.ts";
import type { DemoParentOptions } from "./parent-options.ts";
import type { ParentSession } from "./parent-session.ts";

export interface ParentAnswer {
  readonly status: number;
  readonly keep: boolean;
  readonly text?: string;
  readonly type?: string;
  /** Values of `Proxy-Authenticate`. */
  readonly offers?: readonly string[];
}

/** A whole answer of the parent's own, to be written in latin1. */
export function parentAnswer(session: ParentSession, request: RequestHead, answer: ParentAnswer): string {
  const reason = STATUS_CODES[answer.status] ?? "Error";
  const body = Buffer.from(answer.text ?? `${answer.status} ${reason}, from the embedded parent\n`, "utf8");
  const lines = [
    `HTTP/1.1 ${answer.status} ${reason}`,
    "Server: sallyport-demo-parent",
    ...(answer.offers ?? []).map((offer) => `Proxy-Authenticate: ${offer}`),
    `Content-Type: ${answer.type ?? "text/plain; charset=utf-8"}`,
    `Content-Length: ${body.length}`,
  ];
  const head = `${lines.join("\r\n")}\r\n${connectionLines(session.context.options, answer.keep)}\r\n`;
  return request.method === "HEAD" ? head : head + body.toString("latin1");
}

/** The header lines that say whether the connection stays, each with its CRLF. */
export function connectionLines(options: DemoParentOptions, keep: boolean): string {
  if (!keep) return "Connection: close\r\n";
  switch (options.keepAliveHeader ?? "connection") {
    case "connection":
      return "Connection: keep-alive\r\n";
    case "proxy-connection":
      return "Proxy-Connection: keep-alive\r\n";
    case "both":
      return "Connection: keep-alive\r\nProxy-Connection: keep-alive\r\n";
    case "none":
      return "";
  }
}
