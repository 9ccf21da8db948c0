import { connect, type Socket } from "node:net";
import type { TestContext } from "node:test";
import type { Place } from "./stage.ts";

/** An answer as a client sees it. */
export interface ClientAnswer {
  readonly status: number;
  readonly version: string;
  /** Lower-case names. */
  readonly headers: ReadonlyMap<string, string>;
  /** The head as it came. */
  readonly head: string;
  /** Without its chunked coding. */
  readonly body: string;
  /** Statuses of interim answers before it. */
  readonly interim: readonly number[];
}

/** A client that says exactly what a test means, byte for byte. */
export class Client {
  readonly socket: Socket;
  #text = "";
  #ended = false;
  #closed = false;
  #error: NodeJS.ErrnoException | undefined;
  readonly #wakes = new Set<() => void>();

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding("latin1");
    socket.on("data", (chunk) => {
      this.#text += chunk;
      this.#wake();
    });
    socket.on("error", (error) => {
      this.#error = error;
    });
    socket.on("end", () => {
      this.#ended = true;
      this.#wake();
    });
    socket.on("close", () => {
      this.#ended = true;
      this.#closed = true;
      this.#wake();
    });
  }

  static open(t: TestContext, place: Place): Promise<Client> {
    return new Promise((resolve, reject) => {
      const socket = connect({ ...place, allowHalfOpen: true, noDelay: true });
      t.after(() => socket.destroy());
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.off("error", reject);
        resolve(new Client(socket));
      });
    });
  }

  write(text: string | Buffer): void {
    this.socket.write(typeof text === "string" ? Buffer.from(text, "latin1") : text);
  }

  /** Sends a request; `Host` is added unless it is there. */
  send(line: string, fields: readonly string[] = [], body = ""): void {
    const version = / HTTP\/\d\.\d$/.test(line) ? "" : " HTTP/1.1";
    const host = /^\S+ (?:[a-z]+:\/\/)?(?:[^/@ ]*@)?([^/ ]+)/.exec(line)?.[1] ?? "x";
    const own = fields.some((field) => /^host:/i.test(field)) ? [] : [`Host: ${host}`];
    this.write(`${[line + version, ...own, ...fields].join("\r\n")}\r\n\r\n${body}`);
  }

  async request(line: string, fields: readonly string[] = [], body = ""): Promise<ClientAnswer> {
    this.send(line, fields, body);
    return await this.answer(line.startsWith("HEAD"));
  }

  /** CONNECT; what follows are bytes. */
  async tunnel(target: string, fields: readonly string[] = []): Promise<this> {
    this.send(`CONNECT ${target}`, fields);
    const { status, head } = await this.answer();
    if (status !== 200) throw new Error(`no tunnel: ${head}`);
    return this;
  }

  async answer(headOnly = false): Promise<ClientAnswer> {
    const interim: number[] = [];
    for (;;) {
      const head = await this.#head();
      const [first = "", ...lines] = head.split("\r\n");
      const [, version = "", code] = /^HTTP\/(\d\.\d) (\d{3})/.exec(first) ?? [];
      const status = Number(code);
      if (status < 200 && status !== 101) {
        interim.push(status);
        continue;
      }
      const headers = new Map(
        lines.map((line) => {
          const colon = line.indexOf(":");
          return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
        }),
      );
      const none = headOnly || status === 204 || status === 304 || status === 101;
      const tunnel = status === 200 && lines.length === 0;
      const body = none || tunnel ? "" : await this.#body(headers);
      return { status, version, headers, head, body, interim };
    }
  }

  async #head(): Promise<string> {
    await this.#until(() => this.#text.includes("\r\n\r\n"));
    const at = this.#text.indexOf("\r\n\r\n");
    return this.#take(at + 4).slice(0, at);
  }

  async #body(headers: ReadonlyMap<string, string>): Promise<string> {
    if (headers.get("transfer-encoding") === "chunked") {
      let body = "";
      for (;;) {
        await this.#until(() => this.#text.includes("\r\n"));
        const size = Number.parseInt(this.#text, 16);
        this.#take(this.#text.indexOf("\r\n") + 2);
        if (size === 0) break;
        await this.#until(() => this.#text.length >= size + 2);
        body += this.#take(size + 2).slice(0, size);
      }
      await this.#until(() => this.#text.startsWith("\r\n") || this.#text.includes("\r\n\r\n"));
      this.#take(this.#text.startsWith("\r\n") ? 2 : this.#text.indexOf("\r\n\r\n") + 4);
      return body;
    }
    const length = headers.get("content-length");
    if (length === undefined) return await this.rest();
    await this.#until(() => this.#text.length >= Number(length));
    return this.#take(Number(length));
  }

  /** Waits for exactly this text. */
  async expect(text: string): Promise<void> {
    await this.#until(() => this.#text.length >= text.length);
    const came = this.#take(text.length);
    if (came !== text) throw new Error(`expected ${JSON.stringify(text)}, got ${JSON.stringify(came)}`);
  }

  /** Sends something and waits for it to come back. */
  async echo(text: string): Promise<void> {
    this.write(text);
    await this.expect(text);
  }

  /** Everything until the other side ends. @throws what broke the connection */
  async rest(): Promise<string> {
    await this.#until(() => this.#ended, true);
    if (this.#error) throw this.#error;
    return this.#take(this.#text.length);
  }

  /** How the connection is over: a clean end, or the error's code. */
  async over(): Promise<string> {
    await this.#until(() => this.#ended, true);
    if (!this.#error && !this.#closed) this.socket.end();
    return this.#error?.code ?? "end";
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** What has come and was not read. */
  get text(): string {
    return this.#text;
  }

  #take(length: number): string {
    const taken = this.#text.slice(0, length);
    this.#text = this.#text.slice(length);
    return taken;
  }

  async #until(ready: () => boolean, endToo = false): Promise<void> {
    while (!ready()) {
      if (this.#ended && !endToo)
        throw (
          this.#error ?? new Error(`the connection ended after ${JSON.stringify(this.#text.slice(0, 500))}`)
        );
      await new Promise<void>((resolve) => {
        this.#wakes.add(resolve);
      });
    }
  }

  #wake(): void {
    for (const wake of this.#wakes) wake();
    this.#wakes.clear();
  }
}
