/** What a person may already write for features that are not built yet: each is refused with a sentence, not as unknown. */
const laterKeys: Record<string, string> = {
  pac: "a PAC file",
  pac_file: "a PAC file",
  pac_url: "a PAC file",
  keytab: "Kerberos with a keytab",
  principal: "Kerberos",
  socks: "a SOCKS5 listener",
  socks5: "a SOCKS5 listener",
  socks_listen: "a SOCKS5 listener",
  tunnel: "a fixed tunnel",
  tunnels: "fixed tunnels",
  header: "headers of your own",
  headers: "headers of your own",
};

const laterSchemes: Record<string, string> = {
  negotiate: "Kerberos (negotiate)",
  kerberos: "Kerberos (negotiate)",
  gss: "Kerberos (negotiate)",
  digest: "Digest",
  ntlmv1: "NTLM version 1",
  lm: "LM",
};

/** The feature that the key belongs to when a later version brings it. */
export function laterKey(key: string): string | undefined {
  return Object.hasOwn(laterKeys, key) ? laterKeys[key] : undefined;
}

/** The scheme's name when a later version brings it. */
export function laterScheme(auth: string): string | undefined {
  const key = auth.toLowerCase();
  return Object.hasOwn(laterSchemes, key) ? laterSchemes[key] : undefined;
}
