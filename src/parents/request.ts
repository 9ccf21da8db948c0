import type { ResponseHead } from "../http1/head.ts";
import type { Wire } from "../wire/wire.ts";
import type { Connection } from "./connection.ts";

/** A request on its way out, as the parents need to know it. */
export interface OutboundRequest {
  readonly method: string;
  /** `host:port` of the target: what a spare connection is authenticated for. */
  readonly authority: string;
  /** The whole head with the given lines (each with its CRLF) among its fields. */
  head(extra: string): string;
  /** True when it may be sent again if the connection breaks before an answer (no body, and safe or CONNECT). */
  readonly replayable: boolean;
  /**
   * Sends the body after the head; called at most once. Undefined when there is none.
   * Returns whether all of it has been handed on already.
   */
  readonly sendBody: ((to: Wire) => boolean) | undefined;
  /** Passes on an interim answer (100, 103). */
  readonly interim: (head: ResponseHead) => void;
  /** Set when the request, or a part of it, was sent in a way that must not be repeated. */
  committed: boolean;
  /** Ends all that is done for it. */
  readonly signal: AbortSignal;
  /** Counted for the access log and the demo. */
  readonly counters: Counters;
}

/** An answer's head, and the connection on which its body follows. */
export interface Opened {
  readonly connection: Connection;
  readonly head: ResponseHead;
}

export interface Counters {
  roundTrips: number;
  connections: number;
}

/** Sends one request of a sign-in and reads its answer's head. */
export type Leg = (
  connection: Connection,
  authorization: string | undefined,
  signal: AbortSignal | undefined,
) => Promise<ResponseHead>;
