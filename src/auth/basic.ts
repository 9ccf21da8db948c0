import { type Credential, credentialName } from "../core/credential.ts";
import { ChallengeError, NoCredentialError, SchemeError } from "../core/errors.ts";
import type { Handshake } from "./handshake.ts";

/**
 * Basic (RFC 7617): one leg, the same header on every request, in UTF-8.
 * A domain goes before the name, as `DOMAIN\user`: parents that ask Active Directory read it so.
 * @throws NoCredentialError when there is no password, SchemeError when only a hash of it is known
 *   or the name cannot be sent (RFC 7617, 2: no colon, no control characters)
 */
export function basicHandshake(credential: Credential): Handshake {
  const value = basicHeader(credential);
  let sent = false;
  return {
    scheme: "basic",
    binds: "request",
    get proves() {
      return sent;
    },
    next() {
      if (sent)
        throw new ChallengeError(
          "The parent asks again after Basic was sent, and no further message is due.",
          {
            hint: "A 407 after it means that the logon was refused.",
          },
        );
      sent = true;
      return value;
    },
  };
}

function basicHeader(credential: Credential): string {
  const name = credentialName(credential);
  const { password } = credential;
  if (!password) throw withoutPassword(credential, name);
  const unsendable = name.includes(":") ? "a colon" : hasControl(name) ? "a control character" : undefined;
  if (unsendable)
    throw new SchemeError(
      `Basic cannot carry the user name ${JSON.stringify(name)}: it has ${unsendable} in it.`,
      {
        hint: "Use an account without it, or a parent that offers NTLM.",
      },
    );
  if (hasControl(password.reveal()))
    throw new SchemeError("Basic cannot carry the password: it has a control character in it.", {
      hint: "See whether the password file holds more than the password's one line.",
    });
  return `Basic ${Buffer.from(`${name}:${password.reveal()}`, "utf8").toString("base64")}`;
}

function withoutPassword(credential: Credential, name: string): SchemeError | NoCredentialError {
  if (credential.ntHash || credential.ntlmv2Hash)
    return new SchemeError(
      `Basic needs the password itself, and only a hash of it is configured for ${name}.`,
      {
        hint: "Set password_file under [identity], or use a parent that offers NTLM.",
      },
    );
  return new NoCredentialError(`There is no password to sign in ${name} with Basic.`, {
    hint: "Set password_file under [identity], or give --password-file.",
  });
}

function hasControl(text: string): boolean {
  return /[\x00-\x1f\x7f]/.test(text);
}
