import { Secret } from "../core/secret.ts";

/**
 * The passwords inside values of proxy variables (`http://user:password@host:port`, also without scheme), decoded and as
 * they are written. A password that nobody encoded (`p@ss`, `p/ss`) is taken up to the last `@`.
 */
export function passwordsIn(values: Iterable<string>): Secret<string>[] {
  const found = new Set<string>();
  for (const value of values) {
    const userinfo = /^(?:[a-z][a-z\d+.-]*:\/\/)?(.*)@/is.exec(value.trim())?.[1];
    const colon = userinfo?.indexOf(":") ?? -1;
    if (userinfo === undefined || colon === -1) continue;
    const written = userinfo.slice(colon + 1);
    for (const one of [written, percentDecoded(written)]) if (one !== "") found.add(one);
  }
  return [...found].map((one) => new Secret(one));
}

/**
 * Hides passwords in a text in each form that programs on the way give them: as they are, percent-encoded, in JSON, XML,
 * shells, systemd units and expressions, and in Base64 at each of its three alignments, alone or inside a longer value
 * (`Basic dXNlcjpwYXNz`). The forms are those that the Actions runner masks, and those that `sallyport env` writes. A
 * form of less than three characters is left alone: it would be found everywhere.
 */
export function maskPasswords(text: string, passwords: readonly Secret<string>[]): string {
  const forms = new Set(passwords.flatMap((one) => formsOf(one.reveal())));
  let masked = text;
  // The longest first: a form may be part of another.
  for (const form of [...forms].sort((a, b) => b.length - a.length))
    if (form.length >= shortest) masked = masked.replaceAll(form, "***");
  return masked;
}

const shortest = 3;

function formsOf(password: string): string[] {
  const bare = password.replace(/^"+|"+$/g, "");
  const json = JSON.stringify(password).slice(1, -1);
  const encoded = [percentEncoded(password), encodeURIComponent(wellFormed(password))];
  return [
    password,
    bare,
    ...encoded.flatMap((form) => [form, form.replace(/%../g, (one) => one.toLowerCase())]),
    ...encoded.map((one) => one.replaceAll("%20", "+")),
    json,
    json.replaceAll("/", "\\/"),
    json.replace(/[^\x20-\x7e]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`),
    escaped(password, xml),
    escaped(password, { ...xml, "'": "&#39;" }),
    password.replaceAll("'", "''"),
    password.replaceAll("'", "'\\''"),
    password.replaceAll('"', '\\"'),
    password.replaceAll("%", "%%"),
    password.replace(/["\\]/g, "\\$&").replaceAll("%", "%%"),
    ...password.split("&").filter((part) => part.length >= 6),
    ...base64Forms(password),
  ];
}

const xml: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;" };

function escaped(text: string, by: Record<string, string>): string {
  return text.replace(/[&<>"']/g, (one) => by[one]!);
}

/** As .NET's Uri.EscapeDataString: all but the unreserved characters of RFC 3986. */
function percentEncoded(text: string): string {
  return encodeURIComponent(wellFormed(text)).replace(
    /[!'()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** encodeURIComponent throws at half a surrogate pair. */
function wellFormed(text: string): string {
  return Buffer.from(text, "utf8").toString("utf8");
}

function percentDecoded(text: string): string {
  return text.replace(/(?:%[\da-f]{2})+/gi, (escapes) => {
    try {
      return decodeURIComponent(escapes);
    } catch {
      return escapes;
    }
  });
}

/**
 * The characters of Base64 (RFC 4648, 4 and 5) that the password alone decides, whatever stands before and after it:
 * those at the edges share their bits with the neighbours.
 */
function base64Forms(password: string): string[] {
  const bytes = Buffer.from(password, "utf8");
  const whole = bytes.toString("base64");
  const forms = [whole, whole.replace(/=+$/, "")];
  for (const before of [0, 1, 2]) {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString("base64")
      .replace(/=+$/, "");
    const from = Math.ceil((before * 8) / 6);
    const to = Math.floor(((before + bytes.length) * 8) / 6);
    forms.push(text.slice(from, to));
  }
  // Three characters of Base64 are two bytes: too common to be hidden.
  return forms
    .filter((form) => form.length >= 4)
    .flatMap((form) => [form, form.replaceAll("+", "-").replaceAll("/", "_")]);
}
