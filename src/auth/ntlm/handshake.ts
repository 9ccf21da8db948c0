import { hostname } from "node:os";
import { type Credential, credentialName } from "../../core/credential.ts";
import { ChallengeError, NoCredentialError } from "../../core/errors.ts";
import { Secret } from "../../core/secret.ts";
import type { Handshake } from "../handshake.ts";
import { authenticateMessage } from "./authenticate.ts";
import { decodeChallenge } from "./challenge.ts";
import { ntHash, ntlmv2Hash, upperCase } from "./hashes.ts";
import { negotiateMessage } from "./negotiate.ts";

export interface NtlmContext {
  /** The parent's name or address as it is configured: the service that is asked for is `HTTP/<parentHost>`. */
  readonly parentHost?: string;
  /** MD5 of the channel bindings, 16 bytes, for a parent over TLS. */
  readonly channelBindings?: Uint8Array;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  readonly random?: (size: number) => Uint8Array;
}

/**
 * NTLM in an HTTP header, NTLMv2 only: two legs, then the connection is signed in.
 * @throws NoCredentialError when the credential has no name, or neither password nor hash
 */
export function ntlmHandshake(credential: Credential, context: NtlmContext = {}): Handshake {
  const key = keyOf(credential);
  let state: "start" | "challenged" | "answered" = "start";
  return {
    scheme: "ntlm",
    binds: "connection",
    get proves() {
      return state === "answered";
    },
    next(challenge) {
      if (state === "start") {
        state = "challenged";
        return firstLeg;
      }
      if (state === "answered" || challenge === undefined) throw noneDue();
      const { parentHost, ...injected } = context;
      const message = authenticateMessage({
        ...injected,
        ...(parentHost === undefined ? {} : { targetName: `HTTP/${parentHost}` }),
        negotiate: negotiateMessage,
        challenge: decodeChallenge(challenge),
        username: credential.username,
        domain: credential.domain,
        workstation: credential.workstation || ownWorkstation(),
        ntlmv2Hash: key.reveal(),
      });
      state = "answered";
      return header(message);
    },
  };
}

const firstLeg = header(negotiateMessage);

function header(message: Uint8Array): string {
  return `NTLM ${Buffer.from(message).toString("base64")}`;
}

/** Made once for each credential, and forgotten with it. */
const keys = new WeakMap<Credential, Secret<Uint8Array>>();

function keyOf(credential: Credential): Secret<Uint8Array> {
  const known = keys.get(credential);
  if (known) return known;
  const key = new Secret(makeKey(credential));
  keys.set(credential, key);
  return key;
}

function makeKey({ username, domain, password, ntHash: nt, ntlmv2Hash: ready }: Credential): Uint8Array {
  if (username === "")
    throw new NoCredentialError("NTLM needs a user name, and the configuration has none.", {
      hint: "Set username and domain under [identity], or give --username and --domain.",
    });
  if (ready) return ready.reveal();
  const hash = nt?.reveal() ?? (password ? ntHash(password.reveal()) : undefined);
  if (hash) return ntlmv2Hash(hash, username, domain);
  const name = credentialName({ username, domain });
  throw new NoCredentialError(`There is no password and no hash of one to sign in ${name} with NTLM.`, {
    hint: "Set password_file, or the nt_hash that this prints: sallyport hash",
  });
}

/** A NetBIOS name: accounts can be limited to workstations by it. */
function ownWorkstation(): string {
  return upperCase(hostname().split(".")[0]!.slice(0, 15));
}

function noneDue(): ChallengeError {
  return new ChallengeError("The parent goes on with NTLM where no further message is due.", {
    hint: "A 407 after the last message means that the logon was refused.",
  });
}
