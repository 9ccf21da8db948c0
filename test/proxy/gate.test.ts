import assert from "node:assert/strict";
import { test } from "node:test";
import type { AccessRule } from "../../src/config/settings.ts";
import { ClientDeniedError, ConfigError, TargetDeniedError } from "../../src/core/errors.ts";
import { Events } from "../../src/observe/events.ts";
import { Gate, type GateInput } from "../../src/proxy/gate.ts";
import { Interfaces } from "../../src/proxy/interfaces.ts";
import type { InterfaceAddress } from "../../src/routing/kernel-interfaces.ts";

const docker0: InterfaceAddress = { name: "docker0", address: "172.17.0.1", family: 4, prefix: 16 };
const eth0: InterfaceAddress = { name: "eth0", address: "192.0.2.2", family: 4, prefix: 24 };

/** `+x` allows x, `-x` denies it. */
function gate(rules: string[], rest: Partial<GateInput> & { otherwise?: "allow" | "deny" } = {}): Gate {
  const read = rules.map(
    (text): AccessRule => ({ action: text[0] === "+" ? "allow" : "deny", who: text.slice(1) }),
  );
  return new Gate({
    access: { rules: read, otherwise: rest.otherwise ?? "deny" },
    allowTargets: [],
    interfaces: new Interfaces(() => [docker0, eth0]),
    ...rest,
  });
}

const from = (address: string | undefined) => ({ kind: "tcp", address }) as const;
const lets = (one: Gate, address: string) => one.judgeClient(from(address)).denied === undefined;
const target = (host: string, port = 80) => ({ host, port });

test("the first rule that matches decides, else the default", () => {
  const one = gate(["-10.1.0.0/16", "+10.0.0.0/8", "-*"], { otherwise: "allow" });
  assert.equal(lets(one, "10.1.2.3"), false);
  assert.equal(lets(one, "10.2.2.3"), true);
  assert.equal(lets(one, "192.0.2.9"), false);
  assert.equal(lets(gate([], { otherwise: "allow" }), "192.0.2.9"), true);
  assert.equal(lets(gate([]), "127.0.0.1"), false);
  assert.equal(gate(["+10.0.0.0/8"]).judgeClient(from("10.0.0.1")).rule, "allow 10.0.0.0/8");
});

test("cntlm: an IPv6 client does not pass a Deny for everybody", () => {
  for (const everybody of ["*", "0/0", "0"]) {
    const one = gate([`-${everybody}`], { otherwise: "allow" });
    assert.equal(lets(one, "::1"), false);
    assert.equal(lets(one, "127.0.0.1"), false);
  }
});

test("a client that comes mapped into IPv6 is the IPv4 client", () => {
  const one = gate(["-10.1.0.0/16", "+10.0.0.0/8"]);
  assert.equal(lets(one, "::ffff:10.2.2.3"), true);
  assert.equal(lets(one, "::ffff:10.1.2.3"), false);
});

test("docker means the engine's networks, one that has just appeared included", () => {
  let there = [eth0];
  const one = gate(["+docker"], { interfaces: new Interfaces(() => there, clock()) });
  assert.equal(lets(one, "172.17.0.5"), false);
  there = [eth0, docker0];
  assert.equal(lets(one, "172.17.0.5"), true);
  assert.equal(lets(one, "192.0.2.9"), false);
  assert.equal(lets(one, "fe80::1%docker0"), false);
});

test("the host itself is known by its own addresses, loopback and the Unix socket", () => {
  const one = gate(["+*"]);
  const isHost = (address: string) => one.judgeClient(from(address)).isHost;
  assert.deepEqual(
    ["127.0.0.5", "::1", "172.17.0.1", "192.0.2.2", "::ffff:192.0.2.2"].map(isHost),
    Array(5).fill(true),
  );
  assert.deepEqual(["172.17.0.2", "192.0.2.3"].map(isHost), [false, false]);
  assert.deepEqual(gate(["-*"]).judgeClient({ kind: "unix" }), {
    isHost: true,
    rule: "unix socket",
    denied: undefined,
  });
});

test("a client that is turned away is told by which rule, and how it would be let in", () => {
  const byRule = gate(["-10.0.0.0/8"]).judgeClient(from("10.1.1.1")).denied;
  assert.ok(byRule instanceof ClientDeniedError);
  assert.match(byRule.message, /10\.1\.1\.1 .*"deny 10\.0\.0\.0\/8"/);
  const byDefault = gate([]).judgeClient(from("10.1.1.1")).denied;
  assert.match(byDefault?.hint ?? "", /"10\.1\.1\.1".*allow/);
});

test("a TCP client that has gone has no address and is not taken for the Unix socket", () => {
  const verdict = gate(["+*"], { otherwise: "allow" }).judgeClient(from(undefined));
  assert.ok(verdict.denied);
  assert.equal(verdict.isHost, false);
});

test("metadata and loopback are for the host alone", () => {
  const one = gate([]);
  const kept = [
    "169.254.169.254",
    "fd00:ec2::254",
    "[fd00:ec2::254]",
    "::ffff:169.254.169.254",
    "169.254.170.2",
    "127.0.0.1",
    "127.8.8.8",
    "::1",
    "0.0.0.0",
    "::",
    "::ffff:7f00:1",
  ];
  for (const address of kept) {
    assert.ok(one.refuseTarget(false, address, target(address)) instanceof TargetDeniedError, address);
    assert.equal(one.refuseTarget(true, address, target(address)), undefined, address);
  }
  for (const address of ["192.0.2.2", "10.0.0.1", "example.com", "2001:db8::1"])
    assert.equal(one.refuseTarget(false, address, target(address)), undefined, address);
});

test("the answer to a refused target names it as the client wrote it and what it resolved to", () => {
  const refused = gate([]).refuseTarget(false, "127.0.0.1", target("rebind.example", 8080));
  assert.match(refused!.message, /^rebind\.example \(127\.0\.0\.1\) is the loopback/);
  assert.match(gate([]).refuseTarget(false, "::1", target("[::1]"))!.message, /^::1 is the loopback/);
});

test("allow_targets lets a target through by address, network, name and port", () => {
  const one = gate([], { allowTargets: ["127.0.0.1:8080", "169.254.169.0/24", "intern.example"] });
  assert.equal(one.refuseTarget(false, "127.0.0.1", target("localhost", 8080)), undefined);
  assert.ok(one.refuseTarget(false, "127.0.0.1", target("localhost", 8081)));
  assert.equal(one.refuseTarget(false, "169.254.169.254", target("169.254.169.254")), undefined);
  assert.equal(one.refuseTarget(false, "::1", target("intern.example")), undefined);
  assert.ok(one.refuseTarget(false, "::1", target("other.example")));
});

test("a host name among the rules counts by its addresses, and allows nobody while it does not resolve", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const answers = new Map([["builder.example", ["10.0.0.5", "::ffff:10.0.0.6"]]]);
  const resolve = async (name: string) => answers.get(name) ?? Promise.reject(new Error("ENOTFOUND"));
  const events = new Events();
  const warnings: string[] = [];
  events.on("warning", (one) => warnings.push(one.message));
  const stop = new AbortController();
  t.after(() => stop.abort());
  const one = gate(["+builder.example", "+missing.example"], { resolve, events });
  assert.equal(lets(one, "10.0.0.5"), false);
  await one.start(stop.signal);
  assert.deepEqual(
    ["10.0.0.5", "10.0.0.6", "10.0.0.7"].map((address) => lets(one, address)),
    [true, true, false],
  );
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!, /missing\.example/);

  answers.set("builder.example", ["10.0.0.9"]);
  await minute(t);
  assert.deepEqual(
    ["10.0.0.5", "10.0.0.9"].map((address) => lets(one, address)),
    [false, true],
  );
  answers.delete("builder.example");
  await minute(t);
  assert.equal(lets(one, "10.0.0.9"), false);
  assert.equal(warnings.length, 2);
});

test("a name that was denied goes on being denied when it no longer resolves", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  let addresses: string[] | undefined = ["10.0.0.5"];
  const resolve = async () => addresses ?? Promise.reject(new Error("ENOTFOUND"));
  const stop = new AbortController();
  t.after(() => stop.abort());
  const one = gate(["-bad.example", "+*"], { resolve });
  await one.start(stop.signal);
  addresses = undefined;
  await minute(t);
  assert.equal(lets(one, "10.0.0.5"), false);
  assert.equal(lets(one, "10.0.0.6"), true);
});

test("a rule that names nobody is a mistake in the configuration", () => {
  assert.throws(() => gate(["+10.0.0.0/33"]), ConfigError);
});

/** A clock that moves on by a tenth of a second at each look. */
function clock(): () => number {
  let now = 0;
  return () => (now += 100);
}

async function minute(t: { mock: { timers: { tick(ms: number): void } } }): Promise<void> {
  t.mock.timers.tick(60_000);
  await new Promise((resolve) => setImmediate(resolve));
}
