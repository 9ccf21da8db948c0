import type { Scheme } from "../core/credential.ts";

/**
 * One sign-in on one connection: a state machine over the legs of a 407. Pure: strings in, strings out.
 *
 * The caller sends `Proxy-Authorization: <next(undefined)>`, and for every 407 that follows calls
 * `next(challenge)` with the parameters of that scheme's own `Proxy-Authenticate` header.
 */
export interface Handshake {
  readonly scheme: Scheme;
  /**
   * `connection`: once accepted, later requests on the same connection carry no credential (NTLM).
   * `request`: every request carries the header (Basic).
   */
  readonly binds: "connection" | "request";
  /**
   * True once the header given out last carries the proof: sending it is one logon at the domain
   * controller, and a 407 that answers it is a refusal.
   */
  readonly proves: boolean;
  /**
   * The value of the next `Proxy-Authorization` header.
   * @param challenge what followed the scheme's name in the last 407 (`""` when nothing did); undefined for the first leg
   * @throws ChallengeError when the challenge cannot be understood or none is due
   */
  next(challenge: string | undefined): string;
}
