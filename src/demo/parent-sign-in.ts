import { timingSafeEqual } from "node:crypto";
import { createChallenge, type IssuedChallenge } from "../auth/ntlm/verifier.ts";
import type { Secret } from "../core/secret.ts";
import { firstValue } from "../http1/fields.ts";
import type { RequestHead } from "../http1/head.ts";
import type { OfferedScheme, ParentCounters } from "./parent-options.ts";

export interface SignInRules {
  /** Empty: nobody has to sign in. */
  readonly schemes: readonly OfferedScheme[];
  readonly users: ReadonlyMap<string, Secret<string>>;
  readonly domain: string;
  readonly timestamp: boolean;
}

export type SignInVerdict =
  | { readonly kind: "in" }
  /** A 407 with these `Proxy-Authenticate` values; `bare`: the request had shown nothing. */
  | { readonly kind: "challenge"; readonly offers: readonly string[]; readonly bare: boolean };

/** The parent's side of the sign-in on one connection: NTLM belongs to it, Basic to each request. */
export class ParentSignIn {
  readonly #rules: SignInRules;
  readonly #counters: ParentCounters;
  #issued: { readonly challenge: IssuedChallenge; readonly negotiate: Uint8Array } | undefined;
  #user: string | undefined;

  constructor(rules: SignInRules, counters: ParentCounters) {
    this.#rules = rules;
    this.#counters = counters;
  }

  /** `DOMAIN\user` once somebody is signed in. */
  get user(): string | undefined {
    return this.#user;
  }

  judge(head: RequestHead): SignInVerdict {
    if (this.#rules.schemes.length === 0) return IN;
    const shown = firstValue(head.fields, "proxy-authorization");
    if (shown === undefined) return this.#user === undefined ? this.#offerAll(true) : IN;
    const [name = "", token = ""] = shown.split(/[ \t]+/);
    const scheme = name.toLowerCase();
    if (!this.#rules.schemes.some((one) => one === scheme)) return this.#offerAll(false);
    if (scheme === "basic") return this.#basic(token);
    return scheme === "ntlm" ? this.#ntlm(Buffer.from(token, "base64")) : this.#offerAll(false);
  }

  forget(): void {
    this.#user = undefined;
    this.#issued = undefined;
  }

  #ntlm(message: Buffer): SignInVerdict {
    const type = message.length >= 12 ? message.readUInt32LE(8) : 0;
    const issued = this.#issued;
    this.forget();
    if (type === 1) {
      const { domain, timestamp } = this.#rules;
      const dnsDomain = `${domain.toLowerCase()}.test`;
      const challenge = createChallenge({ targetName: domain, dnsDomain, timestamp });
      this.#issued = { challenge, negotiate: message };
      const token = Buffer.from(challenge.message).toString("base64");
      return { kind: "challenge", offers: [`NTLM ${token}`], bare: false };
    }
    if (type !== 3 || issued === undefined) return this.#offerAll(false);
    const verdict = issued.challenge.verify(message, issued.negotiate, (user, domain) =>
      this.#passwordOf(user, domain),
    );
    return this.#decide(verdict.ok, `${verdict.domain}\\${verdict.user}`);
  }

  #basic(token: string): SignInVerdict {
    const text = Buffer.from(token, "base64").toString("utf8");
    const colon = text.indexOf(":");
    const [, domain, user = ""] = /^(?:([^\\]*)\\)?(.*)$/s.exec(text.slice(0, Math.max(colon, 0))) ?? [];
    const expected = Buffer.from(this.#passwordOf(user, domain ?? this.#rules.domain)?.reveal() ?? "");
    const given = Buffer.from(text.slice(colon + 1));
    const fits = expected.length > 0 && expected.length === given.length && timingSafeEqual(expected, given);
    return this.#decide(fits, `${domain ?? this.#rules.domain}\\${user}`);
  }

  #decide(fits: boolean, user: string): SignInVerdict {
    if (fits) {
      this.#counters.logonsAccepted++;
      this.#user = user;
      return IN;
    }
    this.#counters.logonsRefused++;
    this.forget();
    return this.#offerAll(false);
  }

  #passwordOf(user: string, domain: string): Secret<string> | undefined {
    if (domain.toLowerCase() !== this.#rules.domain.toLowerCase()) return undefined;
    for (const [name, password] of this.#rules.users)
      if (name.toLowerCase() === user.toLowerCase()) return password;
    return undefined;
  }

  #offerAll(bare: boolean): SignInVerdict {
    return { kind: "challenge", offers: this.#rules.schemes.map((scheme) => OFFERS[scheme]), bare };
  }
}

const IN: SignInVerdict = { kind: "in" };

const OFFERS: Readonly<Record<OfferedScheme, string>> = {
  negotiate: "Negotiate",
  ntlm: "NTLM",
  digest: 'Digest realm="demo", nonce="c2FsbHlwb3J0", qop="auth", algorithm=MD5',
  basic: 'Basic realm="demo", charset="UTF-8"',
};
