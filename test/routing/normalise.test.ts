import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ConfigError } from "../../src/core/errors.ts";
import { agree, decideForAll } from "../../src/routing/clients/decide.ts";
import { normaliseVariables } from "../../src/routing/normalise.ts";

function normalise(proxy: string, noProxy = "") {
  const { variables, warnings } = normaliseVariables({ http: proxy, https: proxy, noProxy });
  return { variables, warnings, values: Object.fromEntries(variables) };
}

const always =
  "localhost,127.0.0.1,::1,[::1],docker,docker:2375,docker:2376,169.254.169.254,169.254.170.2,fd00:ec2::254,[fd00:ec2::254]";

test("both cases are written, equal, with a scheme, and what is always direct comes first", () => {
  const { variables, warnings, values } = normalise("172.17.0.1:3128");
  assert.deepEqual(
    variables.map(([name]) => name),
    ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY"],
  );
  assert.equal(values.http_proxy, "http://172.17.0.1:3128");
  for (const name of ["http_proxy", "https_proxy", "no_proxy"])
    assert.equal(values[name], values[name.toUpperCase()]);
  assert.equal(values.no_proxy, always);
  assert.deepEqual(warnings, []);
});

const lists: [wanted: string, written: string][] = [
  ["corp.example", "corp.example,.corp.example"],
  [".corp.example", "corp.example,.corp.example"],
  ["*.Corp.Example.", "corp.example,.corp.example"],
  ["gitlab", "gitlab"],
  ["10.1.2.3, 10.0.0.0/8", "10.1.2.3,10.0.0.0/8"],
  ["2001:DB8:0::1", "2001:db8::1,[2001:db8::1]"],
  ["[2001:db8::1]", "2001:db8::1,[2001:db8::1]"],
  ["host:8443 a.b a.b", "host:8443,a.b,.a.b"],
  ["bücher.example", "xn--bcher-kva.example,.xn--bcher-kva.example"],
];
for (const [wanted, written] of lists)
  test(`no_proxy "${wanted}" is written "${written}"`, () => {
    assert.equal(normalise("http://p:1", wanted).values.no_proxy, `${always},${written}`);
  });

test("a star stands alone, because clients see it only there", () => {
  assert.equal(normalise("http://p:1", "corp.example,*").values.no_proxy, "*");
});

test("with any names and addresses in the list all clients agree on each of them", () => {
  const label = fc.stringMatching(/^[a-z][a-z0-9]{0,5}$/);
  const name = fc.array(label, { minLength: 2, maxLength: 3 }).map((labels) => `${labels.join(".")}.test`);
  const dotted = fc.tuple(fc.constantFrom("", ".", "*."), name).map((parts) => parts.join(""));
  fc.assert(
    fc.property(fc.array(dotted, { minLength: 1, maxLength: 4 }), label, (entries, sub) => {
      const { variables, warnings } = normalise("http://10.9.8.7:3128", entries.join(","));
      for (const entry of entries) {
        const host = entry.replace(/^\*?\./, "");
        for (const url of [`https://${host}/`, `http://${sub}.${host}:8080/`]) {
          const decisions = decideForAll(variables, url);
          assert.ok(agree(decisions), JSON.stringify(decisions));
          assert.equal(decisions[0]!.decision, "direct");
        }
      }
      assert.ok(agree(decideForAll(variables, "https://elsewhere.invalid/")));
      assert.ok(warnings.every((one) => one.includes("before it")));
    }),
    { numRuns: 50 },
  );
});

test("loopback, docker-in-docker and metadata go direct in every client", () => {
  const { variables } = normalise("http://p:1");
  for (const host of [
    "localhost",
    "127.0.0.1",
    "docker:2375",
    "docker:2376",
    "169.254.169.254",
    "169.254.170.2",
  ]) {
    const going = decideForAll(variables, `http://${host}/`).filter((one) => one.decision !== "direct");
    // The Actions runner, and Sallyport as it does, take no addresses in no_proxy.
    const names = going.map(({ client }) => client);
    assert.deepEqual(names, host.startsWith("169") ? ["actions-runner", "sallyport"] : [], host);
  }
});

test("an entry that some clients do not understand is a warning that names them", () => {
  const { warnings } = normalise("http://p:1", "10.0.0.0/8,host.test:8443");
  assert.equal(warnings.length, 2);
  assert.match(warnings[0]!, /^"10\.0\.0\.0\/8" is not understood by wget, python-urllib, botocore, /);
  assert.doesNotMatch(warnings[0]!, /curl|\bgo\b|java/);
  assert.match(warnings[1]!, /^"host\.test:8443" is not understood by curl, git, wget, npm, apt, /);
});

test("a proxy without a port gets the one that most clients take, and a warning", () => {
  const { values, warnings } = normalise("proxy.corp.example");
  assert.equal(values.http_proxy, "http://proxy.corp.example:80");
  assert.match(warnings[0]!, /has no port/);
});

const refused: [proxy: string, who: RegExp][] = [
  ["https://p:1", /wget and sallyport would refuse it/],
  ["socks5://p:1", /wget, python-urllib/],
  ["http://u:p@ss@p:1", /curl, wget and ruby would refuse it/],
  ["http://u:p%zz@p:1", /node22-fetch/],
  ["http://u:p#ss@p:1", /curl/],
  ["http://p:1/path", /node22-fetch/],
  ["http://p:99999", /curl/],
  ["http://p q:1", /curl/],
  ["", /curl/],
];
for (const [proxy, who] of refused)
  test(`the proxy "${proxy}" is not written, and who would refuse it is named`, () => {
    assert.throws(
      () => normalise(proxy),
      (error: Error) => error instanceof ConfigError && who.test(error.message) && !/ss@/.test(error.message),
    );
  });

test("an entry that can never match is an error", () => {
  assert.throws(() => normalise("http://p:1", "https://corp.example"), /can never match/);
  assert.throws(() => normalise("http://p:1", "10.*"), /10\.0\.0\.0\/8/);
});

test("proxies that differ by scheme are kept, with a word on Ruby and npm", () => {
  const { variables, warnings } = normaliseVariables({
    http: "http://a:1",
    https: "http://b:2",
    noProxy: "",
  });
  assert.deepEqual(Object.fromEntries(variables).https_proxy, "http://b:2");
  assert.match(warnings[0]!, /Ruby.*npm/);
});
