import { type Credential, credentialName, hasSecret, type Scheme, schemes } from "../core/credential.ts";
import { NoCredentialError, SchemeError } from "../core/errors.ts";
import { basicHandshake } from "./basic.ts";
import type { AuthChallenge } from "./challenges.ts";
import type { Handshake } from "./handshake.ts";
import { ntlmHandshake } from "./ntlm/handshake.ts";

/** What a handshake may want to know of the connection it runs on. */
export interface HandshakeContext {
  /** The parent's name or address as it is configured. */
  readonly parentHost: string;
  /** MD5 of the channel bindings, 16 bytes, where the parent is reached over TLS. */
  readonly channelBindings?: Uint8Array;
}

/**
 * The scheme to sign in with: with `auth = "auto"` the strongest that the parent offers and the credential
 * can serve, else the one that is named.
 * @throws SchemeError when no such scheme is offered, saying which are; NoCredentialError when there is no
 *   password and no hash
 */
export function chooseScheme(challenges: readonly AuthChallenge[], credential: Credential): Scheme {
  if (!hasSecret(credential)) throw nothingToShow(credential);
  const offered = schemes.filter((scheme) => challenges.some((one) => one.scheme === scheme));
  const { auth } = credential;
  if (auth !== "auto" && !offered.includes(auth)) throw notTheNamedOne(auth, challenges);
  const chosen = offered.find((scheme) => (auth === "auto" || scheme === auth) && serves(credential, scheme));
  if (chosen) return chosen;
  throw offered.length > 0 ? onlyForPasswords(challenges) : noneBuilt(challenges);
}

/** The state machine for one connection. */
export function startHandshake(scheme: Scheme, credential: Credential, context: HandshakeContext): Handshake {
  switch (scheme) {
    case "ntlm":
      return ntlmHandshake(credential, context);
    case "basic":
      return basicHandshake(credential);
  }
}

function serves(credential: Credential, scheme: Scheme): boolean {
  return scheme === "ntlm" || credential.password !== undefined;
}

const spelling: Readonly<Record<Scheme, string>> = { ntlm: "NTLM", basic: "Basic" };

function nothingToShow(credential: Credential): NoCredentialError {
  const who = credential.username === "" ? "" : ` for ${credentialName(credential)}`;
  return new NoCredentialError(`The parent wants a logon, and no password is configured${who}.`, {
    hint: "Set username, domain and password_file under [identity].",
  });
}

function notTheNamedOne(auth: Scheme, challenges: readonly AuthChallenge[]): SchemeError {
  return new SchemeError(
    `The parent offers ${offer(challenges)}, and auth = "${auth}" asks for ${spelling[auth]}.`,
    { hint: 'Set auth = "auto" to take the strongest scheme that both sides know.' },
  );
}

function onlyForPasswords(challenges: readonly AuthChallenge[]): SchemeError {
  return new SchemeError(
    `The parent offers ${offer(challenges)}, and Basic needs the password itself where only a hash is configured.`,
    { hint: "Set password_file under [identity] in place of the hash." },
  );
}

function noneBuilt(challenges: readonly AuthChallenge[]): SchemeError {
  return new SchemeError(
    `The parent offers ${offer(challenges)}, and Sallyport signs in with ${joined(schemes.map((one) => spelling[one]))}.`,
    { hint: "Ask the people who run the parent to offer one of these to this host." },
  );
}

/** The schemes in the parent's order and spelling, each once; hostile lists stay short and printable. */
function offer(challenges: readonly AuthChallenge[]): string {
  const names = [...new Map(challenges.map((one) => [one.scheme, one.name.slice(0, 20)])).values()];
  if (names.length === 0) return "no scheme at all";
  return joined(names.length > 6 ? [...names.slice(0, 6), "others"] : names);
}

function joined(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
