/**
 * Every option of cntlm.conf and what happens to it here. The table in docs/cntlm.md is made from this.
 *
 * - `once`: the first one in the file counts, later ones are ignored (config.c, CFG_DEFAULT)
 * - `many`: all count, in order
 * - `later`: refused by name until a later version brings it
 * - `never`: refused, and why
 */
export interface CntlmOption {
  readonly name: string;
  readonly use: "once" | "many" | "later" | "never";
  /** What happens here; for `never`, why it does not. */
  readonly note: string;
}

export const cntlmOptions: readonly CntlmOption[] = [
  { name: "Username", use: "once", note: "As in cntlm: sent as it is written, an `@` is part of it." },
  { name: "Domain", use: "once", note: "As in cntlm: sent in upper case." },
  { name: "Workstation", use: "once", note: "As in cntlm: sent in upper case. Default: this host's name." },
  {
    name: "Password",
    use: "once",
    note: "Beats every hash, as in cntlm. Letters beyond ASCII are right here.",
  },
  { name: "PassNTLMv2", use: "once", note: "32 hex digits, in either of cntlm's two encodings (below)." },
  { name: "PassNT", use: "once", note: "The same. It signs in by NTLMv2 as well, which cntlm cannot do." },
  {
    name: "PassLM",
    use: "once",
    note: "Read only to tell the encoding: no NTLMv2 response can be made from it.",
  },
  {
    name: "Auth",
    use: "once",
    note: "`NTLMv2`, the default. `NTLM2SR`, `NT`, `NTLM`, `LM` and `GSS` come in a later version.",
  },
  { name: "Flags", use: "later", note: "NTLM flags of your own" },
  { name: "Proxy", use: "many", note: "`host:port` or `[v6]:port`, in order of preference." },
  {
    name: "NoProxy",
    use: "many",
    note: "Patterns with `*` and `?`, held against the host as text; no name is resolved.",
  },
  { name: "Pac", use: "later", note: "a PAC file" },
  {
    name: "Listen",
    use: "many",
    note: "`[address:]port`. Without an address: 127.0.0.1 and ::1, with `Gateway yes` all. Sallyport's `docker0:3128` and `unix:/path` work too.",
  },
  {
    name: "Gateway",
    use: "once",
    note: "As in cntlm: `Listen` without an address means all of this host's.",
  },
  {
    name: "Allow",
    use: "many",
    note: "With `Deny` in the order of the file, the first match decides. IPv6 addresses and `docker` work too.",
  },
  { name: "Deny", use: "many", note: "The same. `0`, `0/0` and `*` mean IPv6 clients as well." },
  { name: "SOCKS5Proxy", use: "later", note: "a SOCKS5 listener" },
  { name: "SOCKS5Users", use: "later", note: "a SOCKS5 listener" },
  { name: "SOCKS5User", use: "later", note: "a SOCKS5 listener" },
  { name: "Tunnel", use: "later", note: "a fixed tunnel" },
  { name: "Header", use: "later", note: "a header of your own" },
  { name: "NTLMToBasic", use: "once", note: "`no` only; `yes` comes in a later version." },
  {
    name: "ISAScannerSize",
    use: "never",
    note: "the virus scanner of ISA Server, whose waiting page it gets past, is gone; take the line out",
  },
  {
    name: "ISAScannerAgent",
    use: "never",
    note: "the virus scanner of ISA Server, whose waiting page it gets past, is gone; take the line out",
  },
  {
    name: "SSPI",
    use: "never",
    note: "it signs in with the account of a Windows session, and Sallyport's hosts have none; give Username and PassNTLMv2",
  },
];

/** In lower case. */
export const cntlmKeywords: ReadonlyMap<string, CntlmOption> = new Map(
  cntlmOptions.map((one) => [one.name.toLowerCase(), one]),
);
