import assert from "node:assert/strict";
import { test } from "node:test";
import {
  dockerNetworks,
  type InterfaceAddress,
  interfacesFromKernel,
} from "../../src/routing/kernel-interfaces.ts";

// Captured on Linux 6.18: docker0 without carrier (with one /32 more), a bridge of a network, eth0.
const route = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	010200C0	0003	0	0	0	00000000	0	0	0
docker0	000011AC	00000000	0001	0	0	0	0000FFFF	0	0	0
br-0123456789ab	000012AC	00000000	0001	0	0	0	0000FFFF	0	0	0
eth0	000200C0	00000000	0001	0	0	0	00FFFFFF	0	0	0
eth0	00000A0A	010200C0	0003	0	0	0	0000FFFF	0	0	0
`;

const fibTrie = `Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 127.0.0.0/8 2 0 2
        +-- 127.0.0.0/31 1 0 0
           |-- 127.0.0.0
              /8 host LOCAL
           |-- 127.0.0.1
              /32 host LOCAL
        |-- 127.255.255.255
           /32 link BROADCAST
     +-- 172.16.0.0/14 2 0 2
        +-- 172.17.0.0/16 2 0 2
           +-- 172.17.0.0/31 1 0 0
              |-- 172.17.0.0
                 /16 link UNICAST
              |-- 172.17.0.1
                 /32 host LOCAL
           |-- 172.17.255.255
              /32 link BROADCAST
        |-- 172.18.0.1
           /32 host LOCAL
     |-- 198.51.100.7
        /32 host LOCAL
     +-- 192.0.2.0/24 2 0 2
        +-- 192.0.2.0/30 2 0 2
           |-- 192.0.2.0
              /24 link UNICAST
           |-- 192.0.2.2
              /32 host LOCAL
Local:
     |-- 172.17.0.1
        /32 host LOCAL
`;

const ifInet6 = `00000000000000000000000000000001 01 80 10 80       lo
fd990001000000000000000000000001 05 40 00 c0  docker0
fd000000000000000000000000000002 04 40 00 82     eth0
fe80000000000000a833cffffe2e73e1 05 40 20 c0  docker0
fe8000000000000000fc00fffe000001 04 40 20 80     eth0
fd000000000000000000000000000009 04 40 00 44     eth0
fd000000000000000000000000000008 04 40 00 88     eth0
`;

const running: InterfaceAddress[] = [
  { name: "lo", address: "127.0.0.1", family: 4, prefix: 8 },
  { name: "lo", address: "::1", family: 6, prefix: 128 },
  { name: "eth0", address: "192.0.2.2", family: 4, prefix: 24 },
];

test("a bridge without carrier is found in the kernel's files though the C library leaves it out", () => {
  const found = interfacesFromKernel({ route, fibTrie, ifInet6 }, running);
  const ipv4 = found
    .filter((one) => one.family === 4)
    .map((one) => `${one.name} ${one.address}/${one.prefix}`);
  assert.deepEqual(ipv4, [
    "lo 127.0.0.1/8",
    "eth0 192.0.2.2/24",
    "docker0 172.17.0.1/16",
    "br-0123456789ab 172.18.0.1/16",
    // No connected route tells whose it is; it is this host's all the same.
    " 198.51.100.7/32",
  ]);
});

test("IPv6 addresses come with what cannot be bound yet marked", () => {
  const found = interfacesFromKernel({ route, fibTrie, ifInet6 }, running).filter((one) => one.family === 6);
  assert.deepEqual(
    found.map((one) => `${one.name} ${one.address}/${one.prefix}${one.tentative ? " tentative" : ""}`),
    [
      "lo ::1/128",
      "docker0 fd99:1::1/64 tentative",
      "eth0 fd00::2/64",
      "docker0 fe80::a833:cfff:fe2e:73e1/64 tentative",
      "eth0 fe80::fc:ff:fe00:1/64",
      "eth0 fd00::9/64", // optimistic (RFC 4429): usable
      "eth0 fd00::8/64 tentative", // a duplicate
    ],
  );
});

test("of two interfaces with one network the one that the C library left out has the address", () => {
  const two = "docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n";
  const twice = `eth0${two.slice("docker0".length)}${two}`;
  const found = interfacesFromKernel(
    { route: twice, fibTrie: "|-- 172.17.0.1\n   /32 host LOCAL\n", ifInet6: "" },
    running,
  );
  assert.equal(found.find((one) => one.address === "172.17.0.1")?.name, "docker0");
});

test("the engine's networks are those of its own bridges, without link-local ones", () => {
  const networks = dockerNetworks(interfacesFromKernel({ route, fibTrie, ifInet6 }, running));
  assert.deepEqual(
    networks.map((one) => `${one.text}/${one.prefix}`),
    ["172.17.0.0/16", "172.18.0.0/16", "fd99:1::/64"],
  );
  const strange: InterfaceAddress[] = [
    "br-lan",
    "br-0123456789AB",
    "docker0x",
    "veth1",
    "br-0123456789abc",
  ].map((name) => ({ name, address: "10.0.0.1", family: 4, prefix: 8 }));
  assert.deepEqual(dockerNetworks(strange), []);
});

test("empty or strange files give what the C library knows", () => {
  const files = { route: "x\n\t\n", fibTrie: "|-- \n", ifInet6: "zz\n" };
  assert.deepEqual(
    interfacesFromKernel(files, running).map((one) => one.address),
    ["127.0.0.1", "192.0.2.2"],
  );
});
