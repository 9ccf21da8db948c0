/** Cases for the clients' test: variables and URLs drawn at random, from a seed that a failure prints. */
import fc from "fast-check";

export interface ProxyCase {
  readonly variables: readonly (readonly [string, string])[];
  readonly url: string;
}

/** The addresses of the two proxies, to be put in for A and B. */
export interface Ports {
  readonly a: number;
  readonly b: number;
}

export function drawCases(count: number, seed: number, ports: Ports): ProxyCase[] {
  return fc.sample(proxyCase(ports), { numRuns: count, seed });
}

const hosts = [
  "example.test",
  "sub.example.test",
  "notexample.test",
  "EXAMPLE.test",
  "example.test.",
  "docker",
  "192.0.2.1",
  "192.0.2.17",
  "127.0.0.1",
  "localhost",
  "[2001:db8::1]",
  "[::1]",
];

const entries = [
  "example.test",
  ".example.test",
  "*.example.test",
  "sub.example.test",
  "test",
  ".test",
  "EXAMPLE.TEST",
  "example.test.",
  "example.test:80",
  "example.test:443",
  "example.test:8443",
  ".example.test:8443",
  "https://example.test",
  "example*",
  "*",
  "docker",
  "docker:8443",
  "localhost",
  "127.0.0.1",
  "127.0.0.0/8",
  "192.0.2.1",
  "192.0.2.0/24",
  "192.0.2.0/28",
  "192.0.2.1:8443",
  "192.0.2.*",
  "192.0.2",
  ".2.1",
  "2001:db8::1",
  "[2001:db8::1]",
  "[2001:db8::1]:8443",
  "2001:db8::/32",
  "::1",
  "[::1]",
  "other.test",
  ".",
  ":8443",
  "",
];

const separators = [",", ",", ",", ",", ", ", " , ", " ", ",,"];

function proxyCase(ports: Ports): fc.Arbitrary<ProxyCase> {
  return fc
    .tuple(fc.shuffledSubarray(names, { minLength: 1, maxLength: 7 }), url(), fc.boolean())
    .chain(([set, to, cgi]) =>
      fc
        .tuple(...set.map((name) => (/^no_proxy$/i.test(name) ? list() : proxyValue(ports))))
        .map((values) => ({
          variables: [
            ...set.map((name, index) => [name, values[index]!] as const),
            ...(cgi && set.length % 3 === 0 ? [["REQUEST_METHOD", "GET"] as const] : []),
          ],
          url: to,
        })),
    );
}

const names = [
  ...["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"],
  ...["all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"],
];

function url(): fc.Arbitrary<string> {
  return fc
    .tuple(fc.constantFrom("http", "https"), fc.constantFrom(...hosts), fc.constantFrom("", "", ":8443"))
    .map(([scheme, host, port]) => `${scheme}://${host}${port || defaultPort(host)}/`);
}

/** Nothing listens there, and fetch does not refuse the port. */
function defaultPort(host: string): string {
  return /^(127\.0\.0\.1|localhost|\[::1\])$/.test(host) ? ":65534" : "";
}

function list(): fc.Arbitrary<string> {
  return fc
    .array(fc.tuple(fc.constantFrom(...entries), fc.constantFrom(...separators)), { maxLength: 4 })
    .map((parts) =>
      parts.map(([entry, separator], index) => (index === 0 ? entry : separator + entry)).join(""),
    );
}

function proxyValue({ a, b }: Ports): fc.Arbitrary<string> {
  const at = fc.constantFrom(a, b).map((port) => `127.0.0.1:${port}`);
  const odd = (make: (where: string) => string) => at.map(make);
  const plain = odd((where) => `http://${where}`);
  return fc.oneof(
    { weight: 12, arbitrary: plain },
    { weight: 2, arbitrary: odd((where) => `http://${where}/`) },
    { weight: 2, arbitrary: odd((where) => where) },
    { weight: 1, arbitrary: odd((where) => `HTTP://${where}`) },
    { weight: 1, arbitrary: odd((where) => `http://us%40er:pa%3Ass@${where}`) },
    { weight: 1, arbitrary: odd((where) => `http://user:p%zz@${where}`) },
    { weight: 1, arbitrary: odd((where) => `http://user:p@ss@${where}`) },
    { weight: 1, arbitrary: odd((where) => `foo://${where}`) },
    { weight: 1, arbitrary: odd((where) => `localhost:${where.split(":")[1]}`) },
    { weight: 2, arbitrary: fc.constant("") },
  );
}
