import type { Secret } from "./secret.ts";

/** The schemes that are built, strongest first. Kerberos and Digest take their places here later. */
export const schemes = ["ntlm", "basic"] as const;
export type Scheme = (typeof schemes)[number];

/** Who signs in to a parent, and with what. At most one of the three secrets is set; none is for parents that ask for nothing. */
export interface Credential {
  readonly username: string;
  readonly domain: string;
  /** Sent to NTLM parents; empty means this host's name. */
  readonly workstation: string;
  /** `auto` takes the strongest scheme that the parent offers. */
  readonly auth: "auto" | Scheme;
  readonly password?: Secret<string>;
  /** MD4 of the password in UTF-16LE, 16 bytes (MS-NLMP 3.3.1). Good for NTLM only. */
  readonly ntHash?: Secret<Uint8Array>;
  /** NTOWFv2, 16 bytes (MS-NLMP 3.3.2): bound to user and domain exactly as given here. Good for NTLMv2 only. */
  readonly ntlmv2Hash?: Secret<Uint8Array>;
}

/** How a person names it in logs: `DOMAIN\user`. */
export function credentialName(credential: Pick<Credential, "username" | "domain">): string {
  return credential.domain === "" ? credential.username : `${credential.domain}\\${credential.username}`;
}

/** Whether there is anything to sign in with. */
export function hasSecret(credential: Credential): boolean {
  return Boolean(credential.password ?? credential.ntHash ?? credential.ntlmv2Hash);
}
