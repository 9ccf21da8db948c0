import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Credential } from "../../src/core/credential.ts";
import { CredentialLatchedError, CredentialRefusedError } from "../../src/core/errors.ts";
import { CredentialGuard, type Permit } from "../../src/parents/guard.ts";
import { RefusalFile, type Refusals } from "../../src/parents/refusals.ts";
import { credential, recordingEvents, temporaryFolder } from "./identity.ts";

const NOW = 1_700_000_000_000;

/** The clock stands still until a test moves it. */
function guarding(t: TestContext, options: { folder?: string; credential?: Credential; most?: number } = {}) {
  const folder = options.folder ?? join(temporaryFolder(t), "state");
  const recorded = recordingEvents();
  const file = new RefusalFile(folder, (error) => assert.fail(error));
  const who = options.credential ?? credential();
  const guard = new CredentialGuard(who, file, recorded.events, options.most ?? 4);
  const entry = async () => await file.read(await file.keyOf(who));
  return { guard, folder, file, entry, ...recorded };
}

const stopClock = (t: TestContext) => t.mock.timers.enable({ apis: ["Date"], now: NOW });

async function prove(guard: CredentialGuard): Promise<void> {
  const permit = await guard.enter(undefined);
  assert.equal(await permit.beforeProof(), true);
  await permit.accepted();
}

/** Sends a proof and is refused. */
async function refuse(guard: CredentialGuard) {
  const permit = await guard.enter(undefined);
  await permit.beforeProof();
  return await permit.refused("The parent here:8080");
}

/** Whether a promise is still open after everything that could settle it has run. */
async function waits(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  promise.then(
    () => {
      settled = true;
    },
    () => {
      settled = true;
    },
  );
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  return !settled;
}

test("while the credential is unproven one handshake is in flight, and after the first success as many as allowed", async (t) => {
  const { guard } = guarding(t, { most: 3 });
  const first = await guard.enter(undefined);
  const others = Array.from({ length: 5 }, () => guard.enter(undefined));
  assert.ok(await waits(Promise.race(others)));
  assert.equal(guard.free, false);
  assert.equal(guard.tryEnter(), undefined);
  await first.beforeProof();
  await first.accepted();
  assert.equal(guard.proven, true);
  await Promise.all(others.slice(0, 3));
  assert.ok(await waits(Promise.race(others.slice(3))), "the fourth waits for one of three");
  await (await others[0]!).accepted();
  await others[3];
  assert.ok(await waits(others[4]!));
});

test("a refused one is not repeated for 30 s, and the second refusal latches", async (t) => {
  stopClock(t);
  const { guard, told, entry } = guarding(t);
  const refused = await refuse(guard);
  assert.ok(refused instanceof CredentialRefusedError);
  assert.match(refused.message, /here:8080 refused the logon of CORP\\testuser/);
  assert.match(refused.hint ?? "", /reload/);
  await assert.rejects(guard.enter(undefined), (error: Error) => {
    assert.ok(error instanceof CredentialRefusedError);
    assert.match(error.message, /not tried again for 30 s/);
    return true;
  });
  t.mock.timers.tick(29_999);
  await assert.rejects(guard.enter(undefined), /for 1 s/);
  t.mock.timers.tick(1);
  assert.ok((await refuse(guard)) instanceof CredentialLatchedError);
  for (let i = 0; i < 3; i++) {
    t.mock.timers.tick(3_600_000);
    await assert.rejects(guard.enter(undefined), CredentialLatchedError);
  }
  assert.equal((await entry()).count, 2);
  assert.equal(told.filter((one) => one.name === "latched").length, 1);
});

test("a thousand requests with a wrong password send one proof, and one more after the pause", async (t) => {
  stopClock(t);
  const { guard } = guarding(t, { credential: credential("wrong") });
  let proofs = 0;
  const request = async () => {
    const permit = await guard.enter(undefined);
    await permit.beforeProof();
    proofs++;
    throw await permit.refused("The parent");
  };
  for (const wanted of [1, 2, 2]) {
    const results = await Promise.allSettled(Array.from({ length: 1000 }, request));
    assert.ok(results.every((one) => one.status === "rejected"));
    assert.equal(proofs, wanted);
    t.mock.timers.tick(60_000);
  }
});

test("a restart does not forget a refusal or the latch", async (t) => {
  stopClock(t);
  const { guard, folder } = guarding(t);
  await refuse(guard);
  const { guard: second } = guarding(t, { folder });
  await assert.rejects(second.enter(undefined), CredentialRefusedError);
  t.mock.timers.tick(30_000);
  assert.ok((await refuse(second)) instanceof CredentialLatchedError);
  const { guard: third } = guarding(t, { folder });
  await assert.rejects(third.enter(undefined), CredentialLatchedError);
});

test("a changed credential is tried at once", async (t) => {
  stopClock(t);
  const { guard, folder } = guarding(t, { credential: credential("old") });
  await refuse(guard);
  t.mock.timers.tick(30_000);
  await refuse(guard);
  await prove(guarding(t, { folder, credential: credential("new") }).guard);
  await prove(guarding(t, { folder, credential: credential("old", { username: "other" }) }).guard);
  await assert.rejects(guard.enter(undefined), CredentialLatchedError);
});

test("a proof is counted before it is sent, so that a crash gives nothing away", async (t) => {
  stopClock(t);
  const { guard, folder, entry } = guarding(t);
  await (await guard.enter(undefined)).beforeProof();
  assert.deepEqual(await entry(), { count: 1, at: NOW, pending: true, name: "CORP\\testuser" });
  // As if the process had ended here: fifteen seconds later nobody waits for its verdict any more.
  t.mock.timers.tick(15_000);
  const { guard: next, entry: now } = guarding(t, { folder });
  await (await next.enter(undefined)).beforeProof();
  assert.deepEqual([(await now()).count, (await now()).lost], [1, 1]);
  t.mock.timers.tick(15_000);
  // The second one that ended so: from now on there are waits.
  const { guard: third } = guarding(t, { folder });
  await assert.rejects(third.enter(undefined), CredentialRefusedError);
});

test("a proof of another process is waited for, and its verdict holds here", async (t) => {
  stopClock(t);
  const verdicts: [(permit: Permit) => Promise<unknown>, RegExp | undefined][] = [
    [(permit) => permit.accepted(), undefined],
    [(permit) => permit.refused("The parent"), /refused a moment ago/],
  ];
  for (const [verdict, wanted] of verdicts) {
    const { guard, folder } = guarding(t);
    const permit = await guard.enter(undefined);
    await permit.beforeProof();
    const here = guarding(t, { folder }).guard.enter(undefined);
    assert.ok(await waits(here));
    await verdict(permit);
    if (wanted) await assert.rejects(here, wanted);
    else await (await here).abandoned();
  }
});

test("who gives up while waiting frees its place, before and behind others", async (t) => {
  const { guard } = guarding(t);
  const first = await guard.enter(undefined);
  const gone = new AbortController();
  const waiting = [guard.enter(gone.signal), guard.enter(undefined), guard.enter(gone.signal)];
  gone.abort(new Error("the client has gone"));
  await assert.rejects(waiting[0]!, /client has gone/);
  await assert.rejects(waiting[2]!, /client has gone/);
  await assert.rejects(guard.enter(gone.signal), /client has gone/);
  await first.abandoned();
  await (await waiting[1]!).abandoned();
  assert.equal(guard.free, true);
  await prove(guard);
});

test("who gives up while another process's verdict is waited for frees its place", async (t) => {
  const { guard, folder } = guarding(t);
  await (await guard.enter(undefined)).beforeProof();
  const { guard: here } = guarding(t, { folder });
  const gone = new AbortController();
  const waiting = here.enter(gone.signal);
  assert.ok(await waits(waiting));
  gone.abort(new Error("the client has gone"));
  await assert.rejects(waiting);
  assert.equal(here.free, true);
});

test("a permit that is settled twice does nothing the second time", async (t) => {
  stopClock(t);
  const endings: [(permit: Permit) => Promise<unknown>, Partial<Refusals>][] = [
    [(permit) => permit.accepted(), { count: 0 }],
    [(permit) => permit.refused("The parent"), { count: 1 }],
    [(permit) => permit.unclear(), { count: 0, lost: 1 }],
    [(permit) => permit.abandoned(), { count: 0, lost: 1 }],
  ];
  for (const [ending, wanted] of endings) {
    const { guard, entry } = guarding(t);
    const permit = await guard.enter(undefined);
    await permit.beforeProof();
    await ending(permit);
    await permit.abandoned();
    await permit.unclear();
    await permit.accepted();
    assert.ok((await permit.refused("The parent")) instanceof CredentialRefusedError);
    const { count, pending, lost = 0 } = await entry();
    assert.deepEqual({ count, pending, lost }, { pending: false, lost: 0, ...wanted });
    assert.equal(guard.free, true);
    t.mock.timers.tick(60_000);
    const next = await guard.enter(undefined);
    assert.equal(guard.free, false, "exactly one place was given back");
    await next.abandoned();
  }
});

test("a proof without a verdict stays counted, and leaves an earlier refusal as it was", async (t) => {
  stopClock(t);
  const { guard, entry } = guarding(t);
  await refuse(guard);
  t.mock.timers.tick(40_000);
  const permit = await guard.enter(undefined);
  await permit.beforeProof();
  assert.equal((await entry()).count, 2);
  await permit.unclear();
  const { count, pending, lost } = await entry();
  assert.deepEqual({ count, pending, lost }, { count: 1, pending: false, lost: 1 });
  await assert.rejects(guard.enter(undefined), /for 30 s/);
});

test("a credential that was good and is refused falls back to one at a time, and those in flight keep their proof", async (t) => {
  stopClock(t);
  const { guard, told, entry } = guarding(t);
  await prove(guard);
  const permits = await Promise.all(Array.from({ length: 4 }, () => guard.enter(undefined)));
  assert.equal(await permits[0]!.beforeProof(), false);
  const refused = permits[0]!.refused("The parent");
  // Asked for in the same moment, before the refusal is on the disk.
  await assert.rejects(permits[1]!.beforeProof(), CredentialRefusedError);
  assert.ok((await refused) instanceof CredentialRefusedError);
  await assert.rejects(permits[2]!.beforeProof(), CredentialRefusedError);
  assert.equal(guard.proven, false);
  assert.equal(guard.tryEnter(), undefined, "no spare connection is signed in");
  for (const permit of permits) await permit.abandoned();
  await assert.rejects(guard.enter(undefined), CredentialRefusedError);
  assert.equal((await entry()).count, 1);
  t.mock.timers.tick(30_000);
  await prove(guard);
  assert.equal((await entry()).count, 0);
  assert.equal(told.filter((one) => one.name === "latched").length, 0);
});

test("a refused Basic header outside of a turn counts like any refusal", async (t) => {
  stopClock(t);
  const { guard } = guarding(t);
  await prove(guard);
  assert.ok((await guard.refusedStanding("The parent")) instanceof CredentialRefusedError);
  assert.equal(guard.proven, false);
  await assert.rejects(guard.enter(undefined), CredentialRefusedError);
  t.mock.timers.tick(30_000);
  assert.ok((await refuse(guard)) instanceof CredentialLatchedError);
});

test("proofs without a verdict: two at once, then ever further apart, over restarts, and a success clears that", async (t) => {
  stopClock(t);
  const { folder } = guarding(t);
  for (const verdict of ["abandoned", "unclear"] as const) {
    const restarted = () => guarding(t, { folder, credential: credential(verdict) });
    const lose = async () => {
      const permit = await restarted().guard.enter(undefined);
      await permit.beforeProof();
      await permit[verdict]();
    };
    await lose();
    await lose();
    for (const seconds of [30, 60, 120, 240, 480, 600, 600]) {
      await assert.rejects(
        restarted().guard.enter(undefined),
        new RegExp(`got no answer .* for ${seconds} s`),
      );
      t.mock.timers.tick(seconds * 1000);
      await lose();
    }
    const { guard, entry } = restarted();
    assert.equal((await entry()).count, 0, "that is not a refusal: it never latches");
    t.mock.timers.tick(600_000);
    await prove(guard);
    assert.equal((await entry()).lost, undefined);
  }
});

test("one in doubt says so until a verdict comes, and a restart sees it", async (t) => {
  stopClock(t);
  const { guard, folder } = guarding(t);
  const permit = await guard.enter(undefined);
  await permit.beforeProof();
  assert.equal(guard.inDoubt, false);
  await permit.unclear();
  assert.equal(guard.inDoubt, true);
  const { guard: next } = guarding(t, { folder });
  const again = await next.enter(undefined);
  assert.equal(next.inDoubt, true);
  await again.beforeProof();
  await again.accepted();
  assert.equal(next.inDoubt, false);
});

test("a while after the last success one logon goes alone, and opens the gate again or shuts it", async (t) => {
  stopClock(t);
  for (const verdict of ["accepted", "refused"] as const) {
    const { guard, entry } = guarding(t, { most: 3 });
    await prove(guard);
    t.mock.timers.tick(9_999);
    const quick = await Promise.all([1, 2, 3].map(() => guard.enter(undefined)));
    for (const permit of quick) await permit.abandoned();
    t.mock.timers.tick(1);
    const first = await guard.enter(undefined);
    assert.equal(await first.beforeProof(), true, "its verdict is waited for");
    const others = [1, 2, 3].map(() => guard.enter(undefined));
    const settled = Promise.allSettled(others);
    assert.ok(await waits(Promise.race(others)));
    assert.equal(guard.tryEnter(), undefined);
    if (verdict === "accepted") {
      await first.accepted();
      await Promise.all(others);
    } else {
      await first.refused("The parent");
      assert.ok((await settled).every((one) => one.status === "rejected"));
      assert.equal((await entry()).count, 1);
    }
  }
});

test("one that goes alone to an origin that does not answer lets the next one go alone after 5 s", async (t) => {
  const { guard } = guarding(t, { most: 3 });
  await prove(guard);
  t.mock.timers.enable({ apis: ["Date", "setTimeout"], now: Date.now() + 10_000 });
  await (await guard.enter(undefined)).beforeProof();
  const [second, third] = [guard.enter(undefined), guard.enter(undefined)];
  t.mock.timers.tick(4_999);
  assert.ok(await waits(second));
  t.mock.timers.tick(1);
  await (await second).beforeProof();
  assert.ok(await waits(third));
  await (await second).accepted();
  await third;
});

test("a good credential whose proofs break off goes alone, then waits as one in doubt does", async (t) => {
  stopClock(t);
  const { guard, entry } = guarding(t);
  await prove(guard);
  const cut = async () => {
    const permit = await guard.enter(undefined);
    const alone = await permit.beforeProof();
    await permit.abandoned();
    return alone;
  };
  assert.equal(await cut(), false);
  assert.equal((await entry()).lost, undefined, "clients go away");
  assert.equal(await cut(), true);
  assert.equal(await cut(), true);
  assert.equal((await entry()).lost, 2);
  assert.equal(guard.proven, false);
  await assert.rejects(guard.enter(undefined), /no answer 2 times in a row/);
  t.mock.timers.tick(30_000);
  await prove(guard);
});

test("a clock that was set back neither hangs a request nor makes a wait longer", async (t) => {
  stopClock(t);
  for (const pending of [true, false]) {
    const { guard, file, entry, folder } = guarding(t);
    const key = await file.keyOf(credential());
    await file.update(key, "x", () => ({ count: 1, at: NOW + 86_400_000, pending }));
    if (pending) {
      await (await guard.enter(undefined)).abandoned();
      assert.deepEqual([(await entry()).count, (await entry()).lost], [0, 1]);
      continue;
    }
    await assert.rejects(guard.enter(undefined), /for 30 s/);
    t.mock.timers.tick(30_000);
    await prove(guarding(t, { folder }).guard);
  }
});

test("a verdict that comes after it was held for lost still counts once", async (t) => {
  stopClock(t);
  const { guard, folder, entry } = guarding(t);
  const late = await guard.enter(undefined);
  await late.beforeProof();
  t.mock.timers.tick(15_000);
  const { guard: other } = guarding(t, { folder });
  await (await other.enter(undefined)).abandoned();
  assert.equal((await entry()).lost, 1);
  await late.refused("The parent");
  assert.deepEqual([(await entry()).count, (await entry()).lost], [1, undefined]);
});

test("a turn that ends without a proof costs nothing", async (t) => {
  const { guard, entry } = guarding(t);
  for (let i = 0; i < 5; i++) await (await guard.enter(undefined)).abandoned();
  assert.equal((await entry()).count, 0);
  await prove(guard);
});

test("a good credential's turn goes to the next one when its answer is slow: the origin's, not the logon's", async (t) => {
  const { guard } = guarding(t, { most: 1 });
  await prove(guard);
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const slow = await guard.enter(undefined);
  await slow.beforeProof();
  const next = guard.enter(undefined);
  assert.ok(await waits(next));
  t.mock.timers.tick(1000);
  await (await next).accepted();
  await slow.accepted();
  const last = await guard.enter(undefined);
  assert.equal(guard.free, false, "the slow one's place was given back once");
  await last.abandoned();
});
