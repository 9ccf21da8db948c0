import assert from "node:assert/strict";
import { networkInterfaces } from "node:os";
import { test } from "node:test";
import { readInterfaces } from "../../src/config/read-interfaces.ts";
import { Interfaces } from "../../src/proxy/interfaces.ts";
import { parseAddress } from "../../src/routing/addresses.ts";
import type { InterfaceAddress } from "../../src/routing/kernel-interfaces.ts";

const docker0: InterfaceAddress = { name: "docker0", address: "172.17.0.1", family: 4, prefix: 16 };
const at = (text: string) => parseAddress(text)!;

test("everything that the C library lists is in the list, with the same interface", () => {
  const found = new Set(readInterfaces().map((one) => `${one.name} ${one.address}/${one.prefix}`));
  for (const [name, addresses] of Object.entries(networkInterfaces()))
    for (const one of addresses ?? []) assert.ok(found.has(`${name} ${one.cidr}`), `${name} ${one.cidr}`);
});

test("what was read is remembered for a second, and read again on demand, but not for every stranger", () => {
  let now = 0;
  let reads = 0;
  let there: InterfaceAddress[] = [];
  const interfaces = new Interfaces(
    () => {
      reads++;
      return there;
    },
    () => now,
  );
  assert.equal(interfaces.dockerNetworkOf(at("172.17.0.2")), undefined);
  there = [docker0];
  now = 999;
  assert.equal(interfaces.isOwnAddress(at("172.17.0.1")), false);
  assert.equal(reads, 1);
  assert.equal(interfaces.reread(), true);
  assert.equal(interfaces.isOwnAddress(at("172.17.0.1")), true);
  assert.equal(interfaces.dockerNetworkOf(at("172.17.9.9"))?.prefix, 16);
  assert.equal(interfaces.reread(), false);
  assert.equal(reads, 2);
  there = [];
  now = 1999;
  assert.equal(interfaces.isOwnAddress(at("::ffff:172.17.0.1")), false);
});

test("loopback is this host's own whatever the interfaces are", () => {
  const interfaces = new Interfaces(() => []);
  assert.equal(interfaces.isOwnAddress(at("127.9.9.9")), true);
  assert.equal(interfaces.isOwnAddress(at("::1")), true);
});
