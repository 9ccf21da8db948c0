import type { Socket } from "node:net";
import { readInterfaces } from "../config/read-interfaces.ts";
import type { ListenAddress } from "../config/settings.ts";
import { listenText } from "../config/values/listen.ts";
import { ListenError } from "../core/errors.ts";
import type { Events } from "../observe/events.ts";
import type { InterfaceAddress } from "../routing/kernel-interfaces.ts";
import { bind, codeOf, type HostPlace, type Place, placeOf, placeText } from "./bind.ts";
import { type Bound, type ByInterface, isBindable, placesOf, withoutCovered } from "./listen-addresses.ts";
import { ListenerChange } from "./listener-change.ts";

/**
 * The listening sockets of the proxy. Fixed addresses and Unix sockets are bound once; a listener by interface
 * name follows the interface: bound within half a second of an address's appearing, moved and dropped with it.
 * Connections come paused, with an error listener.
 */
export class Listeners {
  readonly #options: ListenersOptions;
  #listen: readonly ListenAddress[] = [];
  #bound: Bound[] = [];
  /** Places of followed interfaces that could not be bound: each is told once. */
  readonly #failing = new Set<string>();
  readonly #waiting = new Set<string>();
  #turn: Promise<void> = Promise.resolve();
  #stopFollowing: (() => void) | undefined;
  #closed = false;

  constructor(options: ListenersOptions) {
    this.#options = options;
  }

  /**
   * Binds every listener that has an address; closes all of them when the signal aborts.
   * @throws ListenError for an address that cannot be bound; then none is
   */
  async open(list: readonly ListenAddress[], signal: AbortSignal): Promise<void> {
    signal.addEventListener("abort", () => this.close(), { once: true });
    if (signal.aborted) this.close();
    await this.update(list);
  }

  /**
   * Makes the listeners those of `list`: what stays is not touched, and connections that are open stay so.
   * @throws ListenError for an address that cannot be bound; then everything is as it was
   */
  update(list: readonly ListenAddress[]): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#closed) return;
      await this.#replace(withoutCovered(list, this.#options.events));
      await this.#followOnce();
      this.#follow();
    });
  }

  /** What is bound now: `127.0.0.1:3128`, `[::1]:3128`, `unix:/run/sallyport.sock`. */
  addresses(): string[] {
    return this.#bound.map((one) => placeText(one.place));
  }

  /** Stops accepting. Open connections are not touched. */
  close(): void {
    this.#closed = true;
    this.#stopFollowing?.();
    this.#stopFollowing = undefined;
    for (const one of this.#bound) one.server.close();
    this.#bound = [];
  }

  /** One change at a time: a reload and a look at the interfaces never meet half-way. */
  #inTurn(change: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(change);
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #replace(list: readonly ListenAddress[]): Promise<void> {
    const wanted = new Set(list.map(listenText));
    const change = new ListenerChange(this.#bound, wanted, (address, place) => this.#bind(address, place));
    try {
      const present = new Set(this.#bound.map((one) => one.listener));
      const followed = new Set(this.#listen.filter((one) => one.kind === "interface").map(listenText));
      const missing = list.filter((one) => !present.has(listenText(one)) && !followed.has(listenText(one)));
      await change.open(missing, list, this.#readInterfaces());
    } catch (thrown) {
      const { bound, lost } = await change.undo();
      this.#bound = bound;
      for (const { one, error } of lost) {
        this.#emit("closed", one);
        this.#warn(error);
      }
      if (this.#closed) this.close();
      throw thrown;
    }
    this.#commit(list, change);
  }

  #commit(list: readonly ListenAddress[], change: ListenerChange): void {
    this.#listen = list;
    const { bound, opened, gone } = change.finish();
    this.#bound = bound;
    const wanted = new Set(list.map(listenText));
    for (const listener of this.#waiting) if (!wanted.has(listener)) this.#waiting.delete(listener);
    if (this.#closed) {
      this.close();
      return;
    }
    for (const one of gone) this.#emit("closed", one);
    for (const one of opened) this.#emit("listening", one);
  }

  #follow(): void {
    const follows = !this.#closed && this.#listen.some((one) => one.kind === "interface");
    if (!follows) {
      this.#stopFollowing?.();
      this.#stopFollowing = undefined;
    } else {
      const look = () => this.#inTurn(() => this.#followOnce());
      this.#stopFollowing ??= (this.#options.follow ?? followByTimer)(look);
    }
  }

  /** Compares each followed interface with what is bound for it, and mends the difference. */
  async #followOnce(): Promise<void> {
    const followed = this.#listen.filter((one) => one.kind === "interface");
    if (this.#closed || followed.length === 0) return;
    const interfaces = this.#readInterfaces();
    for (const address of followed) {
      const places = placesOf(address, this.#listen, interfaces);
      this.#dropGone(address, places);
      for (const place of places) await this.#bindFollowed(address, place);
      this.#tellWaiting(address, interfaces);
    }
    if (this.#closed) this.close();
  }

  #dropGone(address: ByInterface, places: readonly HostPlace[]): void {
    const hosts = new Set(places.map((place) => place.host));
    const gone = this.#bound.filter(
      (one) => one.listener === listenText(address) && "host" in one.place && !hosts.has(one.place.host),
    );
    this.#bound = this.#bound.filter((one) => !gone.includes(one));
    for (const one of gone) {
      one.server.close();
      this.#emit("closed", one);
    }
  }

  async #bindFollowed(address: ByInterface, place: HostPlace): Promise<void> {
    const listener = listenText(address);
    const there = this.#bound.some((one) => {
      if (!("host" in one.place) || one.place.host !== place.host) return false;
      return one.listener === listener || one.place.port === place.port;
    });
    if (there || this.#closed) return;
    const key = `${listener} ${placeText(place)}`;
    try {
      const one = await this.#bind(address, place);
      this.#bound.push(one);
      this.#failing.delete(key);
      if (!this.#closed) this.#emit("listening", one);
    } catch (thrown) {
      // The address has gone again, or is not ready: the next look will see.
      if (codeOf(thrown) === "EADDRNOTAVAIL" || this.#failing.has(key)) return;
      this.#failing.add(key);
      this.#warn(thrown);
    }
  }

  #tellWaiting(address: ByInterface, interfaces: readonly InterfaceAddress[]): void {
    const listener = listenText(address);
    const waits = !interfaces.some((one) => one.name === address.name && isBindable(one));
    if (!waits) this.#waiting.delete(listener);
    else if (!this.#waiting.has(listener)) {
      this.#waiting.add(listener);
      this.#options.events.emit("waiting", { listener });
    }
  }

  async #bind(address: ListenAddress, place: Place): Promise<Bound> {
    const { events, onConnection } = this.#options;
    const server = await bind(place, {
      onConnection: (socket) => onConnection(socket, address),
      onAcceptError: (error) =>
        events.emit("warning", {
          message: `${placeText(place)} could not accept a connection: ${error.message}`,
        }),
    });
    return { listener: listenText(address), address, place: placeOf(server), server };
  }

  #readInterfaces(): readonly InterfaceAddress[] {
    return (this.#options.readInterfaces ?? readInterfaces)();
  }

  #emit(name: "listening" | "closed", one: Bound): void {
    this.#options.events.emit(name, { address: placeText(one.place), listener: one.listener });
  }

  #warn(thrown: unknown): void {
    if (!(thrown instanceof ListenError)) throw thrown;
    const { message, hint } = thrown;
    this.#options.events.emit("warning", hint === undefined ? { message } : { message, hint });
  }
}

export interface ListenersOptions {
  /** Gets a paused socket: resume it when its listeners are on. `listener` is the one it came in by. */
  readonly onConnection: (socket: Socket, listener: ListenAddress) => void;
  readonly events: Events;
  readonly readInterfaces?: () => readonly InterfaceAddress[];
  /** Calls `look` from time to time until what it returns is called; by default every 400 ms. */
  readonly follow?: (look: () => Promise<void>) => () => void;
}

function followByTimer(look: () => Promise<void>): () => void {
  const timer = setInterval(() => void look(), 400).unref();
  return () => clearInterval(timer);
}
