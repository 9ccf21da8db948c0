import assert from "node:assert/strict";
import { BlockList, isIPv6 } from "node:net";
import { test } from "node:test";
import fc from "fast-check";
import {
  contains,
  impliedAddress,
  isLinkLocal,
  isLocalhostName,
  isLoopback,
  isMetadata,
  isUnspecified,
  looksLikeOddAddress,
  parseAddress,
  parseNetwork,
} from "../../src/routing/addresses.ts";

const text = (address: string) => parseAddress(address)?.text;

test("one address has one spelling, however it was written", () => {
  assert.equal(text("::ffff:10.1.2.3"), "10.1.2.3");
  assert.equal(text("::FFFF:0a01:0203"), "10.1.2.3");
  assert.equal(text("0:0:0:0:0:ffff:10.1.2.3"), "10.1.2.3");
  assert.equal(text("[::1]"), "::1");
  assert.equal(text("fe80::1%eth0"), "fe80::1");
  assert.equal(text("2001:DB8:0:0:1:0:0:1"), "2001:db8::1:0:0:1");
  assert.equal(text("2001:db8:0:1:1:1:1:1"), "2001:db8:0:1:1:1:1:1");
  assert.equal(text("::"), "::");
  assert.equal(text("1::"), "1::");
  assert.equal(text("64:ff9b::192.0.2.1"), "64:ff9b::c000:201");
});

test("what is no literal is no address", () => {
  for (const word of [
    "127.1",
    "0x7f.1",
    "2130706433",
    "010.0.0.1",
    "localhost",
    "",
    "[]",
    "[10.0.0.1]",
    "1.2.3.4.5",
    "::g",
  ])
    assert.equal(parseAddress(word), undefined, word);
});

test("the forms of inet_aton are recognised as odd, names and literals are not", () => {
  for (const odd of [
    "127.1",
    "0x7f.1",
    "0X7F000001",
    "2130706433",
    "017700000001",
    "127.0.0.01",
    "1.2.3.4.",
    "1.2.3.999",
  ])
    assert.equal(looksLikeOddAddress(odd), true, odd);
  for (const plain of ["127.0.0.1", "::1", "a.example", "1.example", "1.2.3.4.5", "0xg", "x"])
    assert.equal(looksLikeOddAddress(plain), false, plain);
});

test("a mapped address belongs to the IPv4 network, which net.BlockList misses", () => {
  const network = parseNetwork("10.0.0.0/8")!;
  assert.equal(contains(network, parseAddress("::ffff:10.1.1.1")!), true);
  const list = new BlockList();
  list.addSubnet("10.0.0.0", 8, "ipv4");
  assert.equal(list.check("::ffff:10.1.1.1"), false);
  assert.equal(contains(parseNetwork("::ffff:10.0.0.0/104")!, parseAddress("10.1.1.1")!), true);
  assert.equal(contains(parseNetwork("::/0")!, parseAddress("10.1.1.1")!), false);
  assert.equal(contains(parseNetwork("0.0.0.0/0")!, parseAddress("::1")!), false);
});

test("a network that cannot be is refused", () => {
  for (const word of [
    "10.0.0.0/33",
    "10.0.0.0/",
    "10.0.0.0/a",
    "10.0.0.0/08",
    "10.0.0.0/-1",
    "::1/129",
    "::ffff:1.2.3.4/8",
    "x/8",
    "10/8",
  ])
    assert.equal(parseNetwork(word), undefined, word);
});

test("loopback, unspecified, link-local and metadata addresses are told from others", () => {
  const all = (judge: (address: NonNullable<ReturnType<typeof parseAddress>>) => boolean, words: string[]) =>
    words.map((word) => judge(parseAddress(word)!));
  assert.deepEqual(
    all(isLoopback, ["127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1", "128.0.0.1", "::2"]),
    [true, true, true, true, false, false],
  );
  assert.deepEqual(all(isUnspecified, ["0.0.0.0", "::", "::ffff:0.0.0.0", "0.0.0.1"]), [
    true,
    true,
    true,
    false,
  ]);
  assert.deepEqual(all(isLinkLocal, ["169.254.9.9", "fe80::1%2", "febf::", "fec0::", "169.253.0.1"]), [
    true,
    true,
    true,
    false,
    false,
  ]);
  const metadata = [
    "169.254.169.254",
    "::ffff:a9fe:a9fe",
    "fd00:ec2::254",
    "FD00:0EC2:0::0254",
    "169.254.170.2",
    "64:ff9b::a9fe:a9fe",
  ];
  assert.ok(all(isMetadata, metadata).every(Boolean));
  assert.deepEqual(all(isMetadata, ["169.254.169.253", "fd00:ec2::253", "64:ff9b::1"]), [
    false,
    false,
    false,
  ]);
});

test("localhost is a name and all names below it", () => {
  assert.deepEqual(
    ["localhost", "LOCALHOST.", "a.b.localhost", "localhost.example", "mylocalhost", ".localhost"].map(
      isLocalhostName,
    ),
    [true, true, true, false, false, false],
  );
});

test("reading what was written gives the same address again, and networks agree with net.BlockList", () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), fc.oneof(fc.ipV4(), fc.ipV6()), fc.nat(128), (a, b, bits) => {
      const [one, other] = [parseAddress(a)!, parseAddress(b)!];
      assert.deepEqual(parseAddress(one.text), one);
      const prefix = one.family === 4 ? Math.min(bits, 32) : bits;
      const type = (family: 4 | 6) => (family === 4 ? "ipv4" : "ipv6");
      const list = new BlockList();
      list.addSubnet(one.text, prefix, type(one.family));
      const network = parseNetwork(`${one.text}/${prefix}`)!;
      assert.equal(contains(network, one), true);
      if (one.family === other.family)
        assert.equal(contains(network, other), list.check(other.text, type(other.family)));
    }),
  );
});

test("what is an IPv6 address is what Node.js takes for one", () => {
  const piece = fc.constantFrom(
    ...[
      "",
      "0",
      "1",
      "ffff",
      "FFFF",
      "12345",
      "g",
      "1.2.3.4",
      "1.2.3",
      "256.1.1.1",
      "::",
      ":",
      "%eth0",
      "%",
      "%a b",
    ],
  );
  const near = fc.array(piece, { maxLength: 10 }).map((pieces) => pieces.join(":"));
  const loose = fc.array(piece, { maxLength: 10 }).map((pieces) => pieces.join(""));
  fc.assert(
    fc.property(fc.oneof(near, loose, fc.ipV6()), (one) => {
      fc.pre(one.includes(":"));
      assert.equal(parseAddress(one) !== undefined, isIPv6(one), one);
    }),
    { numRuns: 3000 },
  );
});

test("a host that a resolver reads as an address is that address, in every spelling", () => {
  for (const spelling of [
    "127.0.0.1",
    "127.0.0.1.",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "017700000001",
    "::ffff:127.0.0.1",
  ])
    assert.equal(impliedAddress(spelling)?.text, "127.0.0.1", spelling);
  assert.equal(impliedAddress("2852039166")?.text, "169.254.169.254");
  assert.equal(impliedAddress("0xa9fea9fe")?.text, "169.254.169.254");
  for (const name of ["localhost", "1.2.3.4.5", "256.0.0.1.", "4294967296", "0x7g", "example.1x", ""])
    assert.equal(impliedAddress(name), undefined, name);
});
