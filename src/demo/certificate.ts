import { generateKeyPairSync, randomBytes, sign } from "node:crypto";

export interface Certificate {
  /** Both in PEM. */
  readonly certificate: string;
  readonly key: string;
}

/**
 * A self-signed server certificate (RFC 5280) with an ECDSA P-256 key, for names and IPv4 addresses, from a day ago
 * for thirty days. It is not a CA: whoever trusts it trusts this one server, whose key lives in memory only.
 */
export function makeCertificate(names: readonly string[], now = Date.now()): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const subject = distinguishedName("Sallyport demo");
  const toBeSigned = sequence(
    explicit(0, integer(Buffer.from([2]))), // version 3
    integer(serialNumber()),
    ECDSA_WITH_SHA256,
    subject,
    sequence(time(now - DAY), time(now + 30 * DAY)),
    subject,
    publicKey.export({ type: "spki", format: "der" }),
    explicit(3, sequence(BASIC_CONSTRAINTS, KEY_USAGE, EXTENDED_KEY_USAGE, subjectAltName(names))),
  );
  const signature = sign("sha256", toBeSigned, privateKey);
  const der = sequence(toBeSigned, ECDSA_WITH_SHA256, bitString(signature));
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${der.toString("base64").replace(/.{1,64}/g, "$&\n")}-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
  };
}

const DAY = 24 * 60 * 60 * 1000;

/** Positive and not zero at its front (RFC 5280, 4.1.2.2). */
function serialNumber(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = 0x40 | (bytes[0]! & 0x3f);
  return bytes;
}

function subjectAltName(names: readonly string[]): Buffer {
  const general = names.map((name) =>
    /^\d+(\.\d+){3}$/.test(name)
      ? tagged(0x87, Buffer.from(name.split(".").map(Number)))
      : tagged(0x82, Buffer.from(name, "ascii")),
  );
  return sequence(oid(2, 5, 29, 17), octetString(sequence(...general)));
}

function distinguishedName(commonName: string): Buffer {
  const value = tagged(0x0c, Buffer.from(commonName, "utf8"));
  return sequence(tagged(0x31, sequence(oid(2, 5, 4, 3), value)));
}

/** UTCTime to 2049, GeneralizedTime from then on (RFC 5280, 4.1.2.5). */
function time(milliseconds: number): Buffer {
  const digits = `${new Date(milliseconds).toISOString().slice(0, 19).replace(/\D/g, "")}Z`;
  return digits < "2050"
    ? tagged(0x17, Buffer.from(digits.slice(2), "ascii"))
    : tagged(0x18, Buffer.from(digits, "ascii"));
}

// DER (X.690): a tag, a length, a value.

function tagged(tag: number, ...parts: readonly Buffer[]): Buffer {
  const value = Buffer.concat(parts);
  const { length } = value;
  const head =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), value]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, ...parts);
}

function explicit(number: number, value: Buffer): Buffer {
  return tagged(0xa0 | number, value);
}

/** Big-endian; the first bit must be zero. */
function integer(bytes: Buffer): Buffer {
  return tagged(0x02, bytes);
}

function octetString(value: Buffer): Buffer {
  return tagged(0x04, value);
}

function bitString(value: Buffer, unusedBits = 0): Buffer {
  return tagged(0x03, Buffer.from([unusedBits]), value);
}

function oid(first: number, second: number, ...rest: readonly number[]): Buffer {
  return tagged(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(value: number): number[] {
  const bytes = [value & 0x7f];
  for (let left = value >> 7; left > 0; left >>= 7) bytes.unshift(0x80 | (left & 0x7f));
  return bytes;
}

const TRUE = tagged(0x01, Buffer.from([0xff]));
const ECDSA_WITH_SHA256 = sequence(oid(1, 2, 840, 10045, 4, 3, 2));
/** An empty one says: not a CA. */
const BASIC_CONSTRAINTS = sequence(oid(2, 5, 29, 19), TRUE, octetString(sequence()));
/** digitalSignature, its first bit. */
const KEY_USAGE = sequence(oid(2, 5, 29, 15), TRUE, octetString(bitString(Buffer.from([0x80]), 7)));
/** serverAuth. */
const EXTENDED_KEY_USAGE = sequence(oid(2, 5, 29, 37), octetString(sequence(oid(1, 3, 6, 1, 5, 5, 7, 3, 1))));
