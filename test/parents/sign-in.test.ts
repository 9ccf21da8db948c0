import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { createChallenge } from "../../src/auth/ntlm/verifier.ts";
import type { Credential, Scheme } from "../../src/core/credential.ts";
import {
  ChallengeError,
  CredentialRefusedError,
  NoCredentialError,
  SchemeError,
} from "../../src/core/errors.ts";
import type { ResponseHead } from "../../src/http1/head.ts";
import type { Connection } from "../../src/parents/connection.ts";
import type { Permit } from "../../src/parents/guard.ts";
import { again, signIn } from "../../src/parents/sign-in.ts";
import { credential, recordingEvents } from "./identity.ts";

function answer(status: number, ...offers: string[]): ResponseHead {
  const fields = offers.map((value) => ({ name: "Proxy-Authenticate", lower: "proxy-authenticate", value }));
  return { status, reason: "", minor: 1, fields };
}

const challenge = `NTLM ${Buffer.from(createChallenge({ targetName: "CORP", dnsDomain: "corp.test" }).message).toString("base64")}`;

/** A sign-in against answers that are written down; what was done is told in words. */
function trying(_t: TestContext, answers: (ResponseHead | Error)[], options: Partial<Script> = {}) {
  const did: string[] = [];
  const { events, told } = recordingEvents();
  const note =
    <T>(what: string, value: T) =>
    async () => {
      did.push(what);
      return value;
    };
  const permit: Permit = {
    beforeProof: note("before proof", options.unproven ?? false),
    accepted: note("accepted", undefined),
    refused: note("refused", new CredentialRefusedError("refused")),
    unclear: note("unclear", undefined),
    abandoned: note("abandoned", undefined),
  };
  const connection = {
    name: "here:8080",
    authenticated: false,
    wire: { closed: options.closed ?? false, ended: false },
    skipBody: async () => options.keeps ?? true,
  };
  const learnt = { scheme: options.scheme };
  const result = signIn({
    connection: connection as unknown as Connection,
    credential: options.credential ?? credential(),
    permit: options.scheme === undefined ? undefined : permit,
    enter: async () => {
      did.push("enter");
      return options.busy ? undefined : permit;
    },
    learnt,
    events,
    parentHost: "here",
    method: "GET",
    signal: undefined,
    async leg(authorization, last) {
      const [name = "bare", token = ""] = authorization?.split(" ") ?? [];
      const type = name === "NTLM" ? ` ${Buffer.from(token, "base64").readUInt32LE(8)}` : "";
      did.push(`${name}${type}${last ? " to the end" : ""}`);
      const next = answers.shift();
      if (next instanceof Error) throw next;
      return next!;
    },
  });
  return { result, did, learnt, connection, told };
}

interface Script {
  scheme: Scheme;
  credential: Credential;
  /** The parent keeps the connection after a 407. */
  keeps: boolean;
  closed: boolean;
  unproven: boolean;
  busy: boolean;
}

test("the first time the offers are asked for, without a turn, and the strongest is taken", async (t) => {
  const offers = answer(407, 'Basic realm="x"', "Negotiate", "NTLM");
  const { result, did, learnt, connection, told } = trying(t, [offers, answer(407, challenge), answer(200)]);
  assert.equal((await result) !== again && ((await result) as ResponseHead).status, 200);
  assert.deepEqual(did, ["bare", "enter", "NTLM 1", "before proof", "NTLM 3", "accepted", "abandoned"]);
  assert.deepEqual([learnt.scheme, connection.authenticated], ["ntlm", true]);
  const { ms: _, ...logon } = told.find((one) => one.name === "logon")!;
  assert.deepEqual(logon, {
    name: "logon",
    parent: "here:8080",
    identity: "CORP\\testuser",
    scheme: "ntlm",
    accepted: true,
  });
});

test("with the scheme known, Type 1 is sent at once: two round trips", async (t) => {
  const { result, did } = trying(t, [answer(407, challenge), answer(200)], { scheme: "ntlm" });
  await result;
  assert.deepEqual(did, ["NTLM 1", "before proof", "NTLM 3", "accepted", "abandoned"]);
});

test("a parent that asks for nothing costs no turn and no logon", async (t) => {
  const { result, did, connection } = trying(t, [answer(200)]);
  assert.equal(((await result) as ResponseHead).status, 200);
  assert.deepEqual(did, ["bare"]);
  assert.equal(connection.authenticated, false);
});

test("Basic is one message, and it is the proof", async (t) => {
  const { result, did, connection } = trying(t, [answer(407, 'Basic realm="x"'), answer(200)]);
  await result;
  assert.deepEqual(did, ["bare", "enter", "before proof", "Basic", "accepted", "abandoned"]);
  assert.equal(connection.authenticated, false, "it holds for the request alone");
});

test("while the credential is unproven the proof's answer is waited for to the end", async (t) => {
  const { result, did } = trying(t, [answer(407, challenge), answer(200)], {
    scheme: "ntlm",
    unproven: true,
  });
  await result;
  assert.deepEqual(did, ["NTLM 1", "before proof", "NTLM 3 to the end", "accepted", "abandoned"]);
});

test("a 407 to the proof is a refusal, told with the parent's name", async (t) => {
  for (const scheme of ["ntlm", "basic"] as const) {
    const answers = [...(scheme === "ntlm" ? [answer(407, challenge)] : []), answer(407, "NTLM", "Basic")];
    const { result, did, told } = trying(t, answers, { scheme });
    await assert.rejects(result, CredentialRefusedError);
    assert.deepEqual(did.slice(-2), ["refused", "abandoned"]);
    assert.equal(
      told.some((one) => one.name === "logon" && !one.accepted),
      true,
    );
  }
});

test("what policies, logon pages and broken parents answer to a proof says nothing of the credential, and is passed on", async (t) => {
  for (const status of [302, 303, 307, 401, 403, 408, 429, 500, 503]) {
    const { result, did, told } = trying(t, [answer(407, challenge), answer(status)], { scheme: "ntlm" });
    assert.equal(((await result) as ResponseHead).status, status);
    assert.deepEqual(did.slice(-2), ["unclear", "abandoned"]);
    assert.deepEqual(told, []);
  }
});

test("an answer that only somebody signed in gets is an acceptance", async (t) => {
  for (const status of [101, 200, 204, 206, 301, 304, 308, 404, 405, 410, 416, 501]) {
    const { result, did } = trying(t, [answer(407, challenge), answer(status)], { scheme: "ntlm" });
    await result;
    assert.equal(did.at(-2), "accepted", `${status}`);
  }
});

test("a parent that closes after the first 407, or others who sign in first: once more on a new connection", async (t) => {
  const ways: [Partial<Script>, string[]][] = [
    [{ keeps: false }, ["bare"]],
    [{ busy: true }, ["bare", "enter"]],
    [{ closed: true }, ["bare", "enter", "abandoned"]],
  ];
  for (const [way, wanted] of ways) {
    const { result, did, learnt } = trying(t, [answer(407, "NTLM")], way);
    assert.equal(await result, again);
    assert.deepEqual(did, wanted);
    assert.equal(learnt.scheme, "ntlm");
  }
});

test("a parent that offers only what is not built is told by its offers, and no logon is spent", async (t) => {
  const { result, did } = trying(t, [answer(407, "Negotiate", 'Digest realm="x"')]);
  await assert.rejects(result, (error: Error) => {
    assert.ok(error instanceof SchemeError);
    assert.match(error.message, /offers Negotiate and Digest/);
    return true;
  });
  assert.deepEqual(did, ["bare"]);
});

test("no password and no hash: a sentence, and nothing is sent", async (t) => {
  const { password: _, ...bare } = credential();
  const { result } = trying(t, [answer(407, "NTLM")], { credential: bare });
  await assert.rejects(result, NoCredentialError);
});

test("a challenge that is missing, broken, or comes on another connection ends the sign-in without a logon", async (t) => {
  const faults: [ResponseHead, Partial<Script>, RegExp][] = [
    [answer(407, "NTLM"), {}, /without a challenge/],
    [answer(407, "NTLM !!!"), {}, /./],
    [answer(407, "NTLM TlRMTVNTUAAC"), {}, /./],
    [answer(407, challenge), { keeps: false }, /closed the connection in the middle/],
  ];
  for (const [head, way, message] of faults) {
    const { result, did } = trying(t, [head], { scheme: "ntlm", ...way });
    await assert.rejects(result, (error: Error) => {
      assert.ok(error instanceof ChallengeError, `${error}`);
      assert.match(error.message, message);
      return true;
    });
    assert.deepEqual(did, ["NTLM 1", "abandoned"]);
  }
});

test("a parent that does not offer the learnt scheme any more is asked anew", async (t) => {
  const { result, learnt } = trying(t, [answer(407, 'Basic realm="x"')], { scheme: "ntlm" });
  await assert.rejects(result);
  assert.equal(learnt.scheme, undefined);
});

test("whatever breaks, the permit is given back", async (t) => {
  const { result, did } = trying(t, [answer(407, challenge), new Error("broken")], { scheme: "ntlm" });
  await assert.rejects(result, /broken/);
  assert.equal(did.at(-1), "abandoned");
});
