import { parseChallenges } from "../auth/challenges.ts";
import { chooseScheme, startHandshake } from "../auth/choose.ts";
import { type Credential, credentialName, type Scheme } from "../core/credential.ts";
import { ChallengeError } from "../core/errors.ts";
import type { ResponseHead } from "../http1/head.ts";
import type { Events } from "../observe/events.ts";
import type { Connection } from "./connection.ts";
import type { Permit } from "./guard.ts";

/** What has been learnt of one parent's way to sign in; it outlives connections. */
export interface Learnt {
  scheme: Scheme | undefined;
}

export interface SignIn {
  readonly connection: Connection;
  readonly credential: Credential;
  /** Held already where the scheme is known, so that nobody waits for a turn with a connection open. */
  readonly permit: Permit | undefined;
  /** Takes a turn where none is held; undefined when that would mean to wait. */
  readonly enter: () => Promise<Permit | undefined>;
  readonly learnt: Learnt;
  readonly events: Events;
  readonly parentHost: string;
  readonly method: string;
  readonly signal: AbortSignal | undefined;
  /**
   * Sends the request with this `Proxy-Authorization` (none at all when undefined) and reads the answer's head.
   * @param last the answer must be waited for although the request was given up
   */
  leg(authorization: string | undefined, last: boolean): Promise<ResponseHead>;
}

/** To be repeated on a new connection, with the scheme known: the parent closed this one, or others sign in first. */
export const again = Symbol("again");

/**
 * Carries one request through the legs of a 407 on one connection (RFC 9110, 11.7.1; MS-NTHT 3.1). The scheme that
 * is known already is used from the first leg on: two round trips; else a bare request asks for the offers.
 *
 * Asking for the offers is no logon and needs no turn; the permit is settled here in every case.
 * @returns the answer's head, never a 407; or {@link again}
 * @throws SchemeError, ChallengeError, CredentialRefusedError, CredentialLatchedError, AnswerError …
 */
export async function signIn(options: SignIn): Promise<ResponseHead | typeof again> {
  const { connection, learnt } = options;
  let { permit } = options;
  try {
    if (learnt.scheme === undefined) {
      const bare = await options.leg(undefined, false);
      if (bare.status !== 407) return bare;
      learnt.scheme = chooseScheme(offers(bare), options.credential);
      if (!(await connection.skipBody(bare, options.method, options.signal))) return again;
      permit ??= await options.enter();
      if (permit === undefined || connection.wire.closed || connection.wire.ended) return again;
    }
    permit ??= await options.enter();
    return permit === undefined ? again : await prove(options, permit, learnt.scheme);
  } finally {
    await permit?.abandoned();
  }
}

async function prove(options: SignIn, permit: Permit, scheme: Scheme): Promise<ResponseHead> {
  const { connection, learnt } = options;
  const handshake = startHandshake(scheme, options.credential, { parentHost: options.parentHost });
  let token = handshake.next(undefined);
  for (let leg = 1; leg <= MOST_LEGS; leg++) {
    const last = handshake.proves && (await permit.beforeProof());
    const started = performance.now();
    const answer = await options.leg(token, last);
    const verdict = handshake.proves ? judge(answer.status) : "none";
    if (verdict !== "none") await settle(options, permit, scheme, verdict, performance.now() - started);
    options.signal?.throwIfAborted();
    if (answer.status !== 407) {
      connection.authenticated = handshake.binds === "connection" && verdict !== "none";
      return answer;
    }
    const challenge = offers(answer).find((one) => one.scheme.toLowerCase() === scheme);
    if (challenge === undefined || challenge.parameters === "") {
      // The parent has changed its mind since the scheme was learnt: ask it anew next time.
      learnt.scheme = undefined;
      chooseScheme(offers(answer), options.credential);
      throw new ChallengeError(
        `${connection.name} answered the first ${scheme.toUpperCase()} message without a challenge`,
        {
          hint: "Something between here and the parent may have changed the connection; NTLM needs the same one for all its messages.",
        },
      );
    }
    if (!(await connection.skipBody(answer, options.method, options.signal)))
      throw new ChallengeError(`${connection.name} closed the connection in the middle of the logon`, {
        hint: "NTLM needs the same connection for all its messages: a load balancer in front of the parent may break it.",
      });
    token = handshake.next(challenge.parameters);
  }
  throw new ChallengeError(`${connection.name} keeps asking: ${MOST_LEGS} messages did not end the logon`);
}

/** @throws the refusal */
async function settle(
  { connection, credential, events }: SignIn,
  permit: Permit,
  scheme: Scheme,
  verdict: "accepted" | "refused" | "unclear",
  ms: number,
): Promise<void> {
  if (verdict === "unclear") {
    await permit.unclear();
    return;
  }
  const accepted = verdict === "accepted";
  events.emit("logon", {
    parent: connection.name,
    identity: credentialName(credential),
    scheme,
    accepted,
    ms: Math.round(ms * 100) / 100,
  });
  if (!accepted) throw await permit.refused(`The parent ${connection.name}${asBasic(scheme, credential)}`);
  await permit.accepted();
}

/** A parent's own list of Basic users often has plain names: the domain is then what is wrong. */
function asBasic(scheme: Scheme, { domain }: Credential): string {
  return scheme === "basic" && domain !== "" ? ", with the domain before the name in Basic," : "";
}

/**
 * What the status after a proof says of the credential. What comes from policies, logon pages and broken parents as
 * well as from origins says nothing; a moved page (301, 308) and a refused method are answers to somebody signed in.
 */
export function judge(status: number): "accepted" | "refused" | "unclear" {
  if (status === 407) return "refused";
  if (UNCLEAR.has(status)) return "unclear";
  return status < 500 || status === 501 ? "accepted" : "unclear";
}

const UNCLEAR = new Set([300, 302, 303, 305, 306, 307, 401, 403, 408, 429]);

/** The challenges of a 407. */
export function offers(answer: ResponseHead): ReturnType<typeof parseChallenges> {
  return parseChallenges(
    answer.fields.filter((field) => field.lower === "proxy-authenticate").map((field) => field.value),
  );
}

const MOST_LEGS = 4;
