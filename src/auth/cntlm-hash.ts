import { ConfigError } from "../core/errors.ts";
import { Secret } from "../core/secret.ts";
import { lmHash, ntHash, ntlmv2Hash, upperCase } from "./ntlm/hashes.ts";

/**
 * How cntlm writes its hashes: every version up to 0.92.3 (and its forks) with all bits inverted, 0.94 plainly.
 * Nothing in a file says which it is.
 */
export const cntlmEncodings = ["0.92", "0.94"] as const;
export type CntlmEncoding = (typeof cntlmEncodings)[number];

/** The three values of cntlm.conf, as text. */
export interface CntlmHashes {
  readonly passLm: Secret<string>;
  readonly passNt: Secret<string>;
  /** Bound to user and domain, both in upper case: the domain must then be sent in upper case. */
  readonly passNtlmv2: Secret<string>;
}

/** What `cntlm -H` makes of a password. */
export function cntlmHashes(
  password: Secret<string>,
  username: string,
  domain: string,
  encoding: CntlmEncoding,
): CntlmHashes {
  const nt = ntHash(password.reveal());
  const text = (hash: Uint8Array) => new Secret(encodeCntlmHash(hash, encoding));
  return {
    passLm: text(lmHash(password.reveal())),
    passNt: text(nt),
    passNtlmv2: text(cntlmNtlmv2Hash(nt, username, domain)),
  };
}

/** 32 hexadecimal digits in upper case, from 16 bytes. */
export function encodeCntlmHash(hash: Uint8Array, encoding: CntlmEncoding): string {
  return Buffer.from(invertFor(encoding, hash)).toString("hex").toUpperCase();
}

/**
 * 16 bytes, from 32 hexadecimal digits in either case.
 * @param name of the option, for the message
 * @throws ConfigError for any other text (cntlm itself reads past the end of a shorter one)
 */
export function decodeCntlmHash(name: string, text: string, encoding: CntlmEncoding): Secret<Uint8Array> {
  if (!/^[0-9A-Fa-f]{32}$/.test(text))
    throw new ConfigError(`${name} must be exactly 32 hexadecimal digits, and this value is not.`, {
      hint: "Make it again: sallyport hash --cntlm --username USER --domain DOMAIN",
    });
  return new Secret(invertFor(encoding, Buffer.from(text, "hex")));
}

/**
 * Which encoding a set of values is in, where that is provable:
 * - PassNT and PassNTLMv2 of one password fit each other in one encoding only;
 * - of a password of at most 7 letters, the second half of PassLM is always the same.
 *
 * `unknown` when neither rule decides, or they contradict each other.
 * @throws ConfigError when a value is not 32 hexadecimal digits
 */
export function tellEncoding(given: {
  readonly passNt?: string | undefined;
  readonly passNtlmv2?: string | undefined;
  readonly passLm?: string | undefined;
  readonly username?: string | undefined;
  readonly domain?: string | undefined;
}): CntlmEncoding | "unknown" {
  const proven = cntlmEncodings.filter((one) => ntValuesFit(given, one) || lmEndsEmpty(given, one));
  return proven.length === 1 ? proven[0]! : "unknown";
}

function ntValuesFit(given: Parameters<typeof tellEncoding>[0], encoding: CntlmEncoding): boolean {
  const { passNt, passNtlmv2, username = "", domain = "" } = given;
  if (passNt === undefined || passNtlmv2 === undefined) return false;
  const nt = decodeCntlmHash("PassNT", passNt, encoding).reveal();
  const ntlmv2 = decodeCntlmHash("PassNTLMv2", passNtlmv2, encoding).reveal();
  return Buffer.from(ntlmv2).equals(cntlmNtlmv2Hash(nt, username, domain));
}

/** DES of the constant under an empty key: what the LM hash has for the letters 8 to 14 when there are none. */
const emptyHalf = Buffer.from("aad3b435b51404ee", "hex");

function lmEndsEmpty({ passLm }: Parameters<typeof tellEncoding>[0], encoding: CntlmEncoding): boolean {
  if (passLm === undefined) return false;
  return emptyHalf.equals(decodeCntlmHash("PassLM", passLm, encoding).reveal().subarray(8));
}

function cntlmNtlmv2Hash(nt: Uint8Array, username: string, domain: string): Uint8Array {
  return ntlmv2Hash(nt, username, upperCase(domain));
}

function invertFor(encoding: CntlmEncoding, bytes: Uint8Array): Uint8Array {
  return encoding === "0.92" ? bytes.map((byte) => byte ^ 0xff) : bytes;
}
