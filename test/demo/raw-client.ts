import { connect, type Socket } from "node:net";
import { ntlmHandshake } from "../../src/auth/ntlm/handshake.ts";
import type { Credential } from "../../src/core/credential.ts";
import { Secret } from "../../src/core/secret.ts";

/** One answer, as it came. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** A connection on which a test says exactly what it means, byte for byte. */
export class RawClient {
  readonly socket: Socket;
  #text = "";
  #ended = false;
  #wake = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding("latin1");
    const wake = () => this.#wake();
    socket.on("data", (chunk) => {
      this.#text += chunk;
      wake();
    });
    socket.on("error", wake);
    for (const name of ["end", "close"] as const)
      socket.on(name, () => {
        this.#ended = true;
        wake();
      });
  }

  static open(port: number): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.off("error", reject);
        resolve(new RawClient(socket));
      });
    });
  }

  write(text: string): void {
    this.socket.write(text, "latin1");
  }

  /** Sends a request line and fields, and reads one answer with its Content-Length. */
  async request(line: string, fields: readonly string[] = [], body = ""): Promise<RawAnswer> {
    const host = /\/\/([^/]+)/.exec(line)?.[1] ?? line.split(" ")[1];
    this.write(`${[`${line} HTTP/1.1`, `Host: ${host}`, ...fields].join("\r\n")}\r\n\r\n${body}`);
    return await this.answer(line.startsWith("HEAD"));
  }

  async answer(headOnly = false): Promise<RawAnswer> {
    await this.#until(() => this.#text.includes("\r\n\r\n"));
    const at = this.#text.indexOf("\r\n\r\n");
    const [first = "", ...lines] = this.#text.slice(0, at).split("\r\n");
    this.#text = this.#text.slice(at + 4);
    const headers = new Map(
      lines.map((line): [string, string] => {
        const colon = line.indexOf(":");
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      }),
    );
    const length = headOnly ? 0 : Number(headers.get("content-length") ?? 0);
    await this.#until(() => this.#text.length >= length);
    const body = this.#text.slice(0, length);
    this.#text = this.#text.slice(length);
    return { status: Number(first.split(" ")[1]), headers, body };
  }

  /** Everything until the other side ends. */
  async rest(): Promise<string> {
    while (!this.#ended) await this.#next();
    return this.#text;
  }

  /** Waits for exactly this text. */
  async expect(text: string): Promise<void> {
    await this.#until(() => this.#text.length >= text.length);
    if (!this.#text.startsWith(text)) throw new Error(`expected ${text}, got ${this.#text}`);
    this.#text = this.#text.slice(text.length);
  }

  async #until(ready: () => boolean): Promise<void> {
    while (!ready()) {
      if (this.#ended) throw new Error(`the connection ended after ${JSON.stringify(this.#text)}`);
      await this.#next();
    }
  }

  #next(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

/** Carries a request through NTLM on a raw connection. */
export async function withNtlm(
  client: RawClient,
  line: string,
  password = "S3cret-pass",
): Promise<RawAnswer> {
  const credential: Credential = {
    username: "testuser",
    domain: "CORP",
    workstation: "CI",
    auth: "ntlm",
    password: new Secret(password),
  };
  const handshake = ntlmHandshake(credential, { parentHost: "127.0.0.1" });
  const first = await client.request(line, [`Proxy-Authorization: ${handshake.next(undefined)}`]);
  const challenge = first.headers.get("proxy-authenticate")?.replace(/^NTLM /, "");
  return await client.request(line, [`Proxy-Authorization: ${handshake.next(challenge)}`]);
}
