import type { ListenAddress } from "../config/settings.ts";
import type { InterfaceAddress } from "../routing/kernel-interfaces.ts";
import { codeOf, type HostPlace, type Place, placeText } from "./bind.ts";
import { type Bound, isAll, placesOf } from "./listen-addresses.ts";

/**
 * One change of the listeners, all or nothing: {@link open} what is missing, then {@link finish}; or
 * {@link undo} when an address cannot be bound.
 */
export class ListenerChange {
  readonly #before: readonly Bound[];
  readonly #going: readonly Bound[];
  readonly #bind: (address: ListenAddress, place: Place) => Promise<Bound>;
  readonly #opened: Bound[] = [];
  /** What had to be closed early, because it was in the way of something new. */
  readonly #aside = new Set<Bound>();

  /** `wanted`: the listeners that stay or come, by their text. */
  constructor(
    before: readonly Bound[],
    wanted: ReadonlySet<string>,
    bind: (address: ListenAddress, place: Place) => Promise<Bound>,
  ) {
    this.#before = before;
    this.#going = before.filter((one) => !wanted.has(one.listener));
    this.#bind = bind;
  }

  /** @throws ListenError for the first one that cannot be bound */
  async open(
    missing: readonly ListenAddress[],
    list: readonly ListenAddress[],
    interfaces: readonly InterfaceAddress[],
  ): Promise<void> {
    for (const address of missing) if (address.kind !== "interface") await this.#openFixed(address);
    for (const address of missing) {
      if (address.kind !== "interface") continue;
      for (const place of placesOf(address, list, interfaces)) await this.#bindIfThere(address, place);
    }
  }

  /** Closes what is no longer wanted. */
  finish(): { readonly bound: Bound[]; readonly opened: readonly Bound[]; readonly gone: readonly Bound[] } {
    const gone = new Set([...this.#going, ...this.#aside]);
    for (const one of this.#going) one.server.close();
    const bound = [...this.#before.filter((one) => !gone.has(one)), ...this.#opened];
    return { bound, opened: this.#opened, gone: [...gone] };
  }

  /** Closes what is new and binds again what stepped aside; `lost` is what could not be. */
  async undo(): Promise<{
    readonly bound: Bound[];
    readonly lost: readonly { one: Bound; error: unknown }[];
  }> {
    for (const one of this.#opened) one.server.close();
    const bound = this.#before.filter((one) => !this.#aside.has(one));
    const lost: { one: Bound; error: unknown }[] = [];
    for (const one of this.#aside) {
      try {
        bound.push(await this.#bind(one.address, one.place));
      } catch (error) {
        lost.push({ one, error });
      }
    }
    return { bound, lost };
  }

  async #openFixed(address: Exclude<ListenAddress, { kind: "interface" }>): Promise<void> {
    if (address.kind === "unix") return this.#bindPlace(address, { path: address.path });
    const { host, port } = address;
    if (host !== "") return this.#bindPlace(address, { host, port });
    // All addresses: `::` takes IPv4 as well; a host without IPv6 has only 0.0.0.0.
    const absent = await this.#bindIfThere(address, { host: "::", port });
    if (absent) await this.#bindPlace(address, { host: "0.0.0.0", port });
  }

  /** Binds; hands back the error of an address or a family that this host does not have. */
  async #bindIfThere(address: ListenAddress, place: HostPlace): Promise<unknown> {
    try {
      await this.#bindPlace(address, place);
      return undefined;
    } catch (thrown) {
      if (codeOf(thrown) !== "EADDRNOTAVAIL" && codeOf(thrown) !== "EAFNOSUPPORT") throw thrown;
      return thrown;
    }
  }

  /** Binds. What is in the way and goes anyway, or follows an interface, steps aside first. */
  async #bindPlace(address: ListenAddress, place: Place): Promise<void> {
    const staying = this.#before.filter((one) => !this.#aside.has(one) && !this.#mayStepAside(one));
    const text = placeText(place);
    if ([...staying, ...this.#opened].some((one) => placeText(one.place) === text)) return;
    try {
      this.#opened.push(await this.#bind(address, place));
    } catch (thrown) {
      const inTheWay = this.#before.filter((one) => this.#mayStepAside(one) && conflict(one.place, place));
      if (codeOf(thrown) !== "EADDRINUSE" || inTheWay.length === 0) throw thrown;
      for (const one of inTheWay) {
        one.server.close();
        this.#aside.add(one);
      }
      this.#opened.push(await this.#bind(address, place));
    }
  }

  #mayStepAside(one: Bound): boolean {
    return !this.#aside.has(one) && (this.#going.includes(one) || one.address.kind === "interface");
  }
}

/** True when Linux would not let both listen: one port, and one address or either on all of them. */
function conflict(a: Place, b: Place): boolean {
  if ("path" in a || "path" in b) return "path" in a && "path" in b && a.path === b.path;
  return a.port === b.port && (a.host === b.host || isAll(a.host) || isAll(b.host));
}
