/**
 * Every flag of cntlm 0.92 and 0.94. The help, docs/cntlm.md and the reading of the command line are made from this.
 */
export interface CntlmFlag {
  readonly letter: string;
  /** What it takes, for the help; undefined: nothing. */
  readonly takes?: string;
  /** The option of cntlm.conf that it stands for: what happens to that happens to the flag. */
  readonly keyword?: string;
  readonly does: string;
}

export const cntlmFlags: readonly CntlmFlag[] = [
  {
    letter: "A",
    takes: "<address>[/<bits>]",
    keyword: "Allow",
    does: "who may use the proxy; with -D it takes the place of all rules in the file",
  },
  { letter: "a", takes: "<dialect>", keyword: "Auth", does: "ntlmv2, the default" },
  { letter: "B", keyword: "NTLMToBasic", does: "take the account from each client" },
  {
    letter: "c",
    takes: "<file>",
    does: "the configuration; default /etc/cntlm.conf when it is there, /dev/null for none",
  },
  { letter: "D", takes: "<address>[/<bits>]", keyword: "Deny", does: "who may not use the proxy" },
  { letter: "d", takes: "<domain>", keyword: "Domain", does: "the account's domain" },
  { letter: "F", takes: "<flags>", keyword: "Flags", does: "NTLM flags" },
  { letter: "f", does: "stay in the foreground and log to standard error" },
  { letter: "G", takes: "<pattern>", keyword: "ISAScannerAgent", does: "ISA's virus scanner" },
  { letter: "g", keyword: "Gateway", does: "each -l after it without an address means all of this host's" },
  {
    letter: "H",
    does: "ask for the password (or read it from standard input) and print its hashes; needs -u and -d",
  },
  { letter: "h", does: "print this and end" },
  { letter: "I", does: "ask for the password; those of the command line and the file do not count" },
  { letter: "L", takes: "[<address>:]<port>:<host>:<port>", keyword: "Tunnel", does: "a fixed tunnel" },
  { letter: "l", takes: "[<address>:]<port>", keyword: "Listen", does: "where clients reach the proxy" },
  { letter: "M", takes: "<url>", does: "sign in once to fetch the URL, and print the lines for the file" },
  {
    letter: "N",
    takes: "<pattern>[,<pattern>]",
    keyword: "NoProxy",
    does: "hosts that are reached directly",
  },
  { letter: "O", takes: "[<address>:]<port>", keyword: "SOCKS5Proxy", does: "a SOCKS5 listener" },
  { letter: "P", takes: "<file>", does: "write the process id to a file once all addresses are bound" },
  {
    letter: "p",
    takes: "<password>",
    does: "the password; every user of this host can see it in the process list until the program has started",
  },
  { letter: "q", does: "accepted, without effect" },
  { letter: "R", takes: "<user>:<password>", keyword: "SOCKS5Users", does: "who may use SOCKS5" },
  { letter: "r", takes: "<name>: <value>", keyword: "Header", does: "a header for every request" },
  { letter: "S", takes: "<kilobytes>", keyword: "ISAScannerSize", does: "ISA's virus scanner" },
  { letter: "s", does: "accepted, without effect" },
  { letter: "T", takes: "<file>", does: "accepted with a warning: no trace is written, -v logs" },
  {
    letter: "U",
    takes: "<user>",
    does: "when started by root, become this user (name or number) once bound",
  },
  { letter: "u", takes: "<user>[@<domain>]", keyword: "Username", does: "the account that signs in" },
  { letter: "v", does: "log more, and stay in the foreground" },
  { letter: "w", takes: "<name>", keyword: "Workstation", does: "the name of this host for NTLM" },
  { letter: "X", takes: "<type>", keyword: "SSPI", does: "the account of a Windows session" },
  { letter: "x", takes: "<file>", keyword: "Pac", does: "a PAC file" },
];
