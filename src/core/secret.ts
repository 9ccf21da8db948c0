import { inspect } from "node:util";

/**
 * Holds a password, hash, ticket or token so that it cannot leak by accident: printing, logging,
 * serialising or concatenating it gives `[hidden]`. The only way to the value is {@link Secret.reveal},
 * a name that a search finds.
 */
export class Secret<T extends string | Uint8Array = string> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  /** The value itself. Call it where the value is used, and keep no copy. */
  reveal(): T {
    return this.#value;
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }

  [Symbol.toPrimitive](): string {
    return HIDDEN;
  }

  [inspect.custom](): string {
    return HIDDEN;
  }
}

const HIDDEN = "[hidden]";
