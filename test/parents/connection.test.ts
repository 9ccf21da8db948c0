import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { AnswerError, AnswerTimeoutError, NoAnswerError } from "../../src/core/errors.ts";
import { Connection, type ConnectionLimits } from "../../src/parents/connection.ts";
import { dial } from "../../src/wire/dial.ts";
import { type Scripted, scriptedParent } from "./scripted-parent.ts";

async function connected(
  t: TestContext,
  serve: (end: Scripted) => unknown,
  limits: Partial<ConnectionLimits> = {},
) {
  const server = await scriptedParent(t, serve);
  const { port } = server;
  const wire = await dial({ host: "127.0.0.1", port, name: "here", timeout: 2000, signal: undefined });
  t.after(() => wire.destroy());
  const all = { headBytes: 4096, headFields: 20, answer: 10_000, response: 10_000, ...limits };
  return new Connection(wire, "here:8080", all);
}

test("interim answers are handed on, and the final one is returned", async (t) => {
  const connection = await connected(t, ({ socket }) =>
    socket.write(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\nHTTP/1.1 204 No\r\n\r\n",
    ),
  );
  const interim: number[] = [];
  const head = await connection.answer(undefined, { interim: (one) => interim.push(one.status) });
  assert.deepEqual([interim, head.status, connection.answers], [[100, 103], 204, 3]);
});

test("a switch of protocols is a final answer", async (t) => {
  const connection = await connected(t, ({ socket }) => socket.write("HTTP/1.1 101 Switching\r\n\r\nbytes"));
  assert.equal((await connection.answer(undefined)).status, 101);
  assert.equal(connection.wire.hasRest, true);
});

test("each way not to answer has its own error, which names the hop", async (t) => {
  const ways: [(end: Scripted) => unknown, new (message: string) => Error, RegExp][] = [
    [({ socket }) => socket.end(), NoAnswerError, /closed the connection without an answer/],
    [(end) => end.head().then(() => end.socket.resetAndDestroy()), NoAnswerError, /without an answer/],
    [({ socket }) => socket.end("HTTP/1.1 200 O"), AnswerError, /within the head/],
    [({ socket }) => socket.write("HTTP/1.1 200 OK\nA: b\n\n"), AnswerError, /bare LF/],
    [({ socket }) => socket.write("SSH-2.0-OpenSSH_9.2\r\n\r\n"), AnswerError, /not valid HTTP/],
    [
      ({ socket }) => socket.write(`HTTP/1.1 200 OK\r\nA: ${"b".repeat(5000)}\r\n\r\n`),
      AnswerError,
      /longer than 4096/,
    ],
    [
      ({ socket }) => socket.write(`HTTP/1.1 200 OK\r\n${"a: b\r\n".repeat(30)}\r\n`),
      AnswerError,
      /more than 20/,
    ],
  ];
  for (const [serve, kind, message] of ways) {
    const connection = await connected(t, serve);
    connection.send("GET / HTTP/1.1\r\n\r\n");
    await assert.rejects(connection.answer(undefined), (error: Error) => {
      assert.ok(error instanceof kind, `${error}`);
      assert.match(error.message, message);
      return true;
    });
  }
});

test("silence: the hop is asked whether it is alive, and given up at once when it is not", async (t) => {
  const connection = await connected(t, () => {}, { answer: 20 });
  let asked = 0;
  const answer = connection.answer(undefined, {
    slow: async () => {
      asked++;
      return false;
    },
  });
  await assert.rejects(answer, (error: Error) => {
    assert.ok(error instanceof AnswerTimeoutError);
    assert.match(error.message, /here:8080 accepted the connection and has not answered for 0.02 s/);
    return true;
  });
  assert.deepEqual([asked, connection.wire.closed], [1, true]);
});

test("silence of a hop that is alive is waited out, to the longest wait", async (t) => {
  const alive = { slow: async () => true };
  const patient = await connected(t, (end) => end.head().then(() => end.answer(200)), { answer: 10 });
  const answer = patient.answer(undefined, {
    slow: async () => {
      patient.send("GET / HTTP/1.1\r\n\r\n");
      return true;
    },
  });
  assert.equal((await answer).status, 200);
  const silent = await connected(t, () => {}, { answer: 10, response: 60 });
  await assert.rejects(silent.answer(undefined, alive), AnswerTimeoutError);
});

test("an answer that came in time is not harmed by a doubt that ends later", async (t) => {
  let end: Scripted | undefined;
  const connection = await connected(
    t,
    (one) => {
      end = one;
    },
    { answer: 5 },
  );
  let decide = (_alive: boolean) => {};
  const answer = connection.answer(undefined, {
    slow: () => {
      end!.answer(200);
      return new Promise((resolve) => {
        decide = resolve;
      });
    },
  });
  await answer;
  decide(false);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(connection.wire.closed, false);
});

test("an aborted wait ends with the signal's reason, at once", async (t) => {
  const connection = await connected(t, () => {});
  const gone = new AbortController();
  const answer = connection.answer(gone.signal);
  gone.abort(new Error("the client has gone"));
  await assert.rejects(answer, /client has gone/);
  await assert.rejects(connection.answer(gone.signal), /client has gone/);
});

test("a body that is read over leaves the connection at the next answer", async (t) => {
  const bodies: [string, string][] = [
    ["Content-Length: 5", "hello"],
    ["Transfer-Encoding: chunked", "5\r\nhello\r\n0\r\n\r\n"],
    ["Content-Length: 0", ""],
  ];
  for (const [field, body] of bodies) {
    const connection = await connected(t, ({ socket }) =>
      socket.write(`HTTP/1.1 407 No\r\n${field}\r\n\r\n${body}HTTP/1.1 204 Next\r\n\r\n`),
    );
    const head = await connection.answer(undefined);
    assert.equal(await connection.skipBody(head, "GET", undefined), true, field);
    assert.equal((await connection.answer(undefined)).status, 204, field);
  }
});

test("a body that cannot be read over says that the connection is used up", async (t) => {
  const large = 2 * 1024 * 1024;
  const answers: [string, (end: Scripted) => void][] = [
    ["Content-Length: 5\r\nConnection: close", () => {}],
    ["Content-Length: 5\r\nProxy-Connection: close", () => {}],
    ["X: until the end", () => {}],
    ["Content-Length: 5", ({ socket }) => socket.end("he")],
    ["Transfer-Encoding: chunked", ({ socket }) => socket.write("zz\r\n")],
    [`Content-Length: ${large}`, ({ socket }) => socket.write("x".repeat(large))],
  ];
  for (const [fields, act] of answers) {
    const connection = await connected(t, (end) => {
      end.socket.write(`HTTP/1.1 407 No\r\n${fields}\r\n\r\n`);
      act(end);
    });
    const head = await connection.answer(undefined);
    assert.equal(await connection.skipBody(head, "GET", undefined), false, fields);
  }
});

test("reading a body over ends when the client goes", async (t) => {
  const connection = await connected(t, ({ socket }) =>
    socket.write("HTTP/1.1 407 No\r\nContent-Length: 5\r\n\r\n"),
  );
  const head = await connection.answer(undefined);
  const gone = new AbortController();
  const skipped = connection.skipBody(head, "GET", gone.signal);
  gone.abort();
  assert.equal(await skipped, false);
});
