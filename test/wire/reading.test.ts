import assert from "node:assert/strict";
import { test } from "node:test";
import { AnswerError } from "../../src/core/errors.ts";
import { type HeadErrors, readHead } from "../../src/wire/reading.ts";
import { Collected, closed, matrix, pairs, turn, until } from "./sockets.ts";

const errors: HeadErrors = {
  tooLong: (bytes) => new AnswerError(`longer than ${bytes}`),
  bareLineFeed: () => new AnswerError("bare LF"),
  cutShort: (cause) => new AnswerError("cut short", { cause }),
};

for (const { way, kind, name } of matrix) {
  test(`${name}: heads are read one after the other, each leaving what is behind it`, async (context) => {
    const { wire, peer } = await (await pairs(context, kind, way))();
    peer.write("GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\nA: b\r\n");
    assert.equal(await readHead(wire, 1000, errors), "GET /1 HTTP/1.1");
    let started = 0;
    const second = readHead(wire, 1000, errors, { started: () => started++ });
    assert.equal(started, 1);
    peer.end("\r\nbody");
    assert.equal(await second, "GET /2 HTTP/1.1\r\nA: b");
    assert.equal(started, 1);
    const body = new Collected();
    wire.read(body);
    assert.equal(await body.ended(), "body");
  });

  test(`${name}: an end before the first byte is no head, an end within one is an error`, async (context) => {
    const make = await pairs(context, kind, way);
    const quiet = await make();
    quiet.peer.end("\r\n");
    assert.equal(await readHead(quiet.wire, 1000, errors), undefined);
    const broken = await make();
    broken.peer.end("GET / HT");
    await assert.rejects(readHead(broken.wire, 1000, errors), /cut short/);
  });

  test(`${name}: a connection that is closed already gives the head that had come, else what it lacks`, async (context) => {
    const make = await pairs(context, kind, way);
    for (const [sent, wanted] of [
      ["GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1"],
      ["GET / HT", /cut short/],
      ["", undefined],
    ] as const) {
      const { wire, peer } = await make();
      if (sent !== "") {
        peer.write(sent);
        await until(() => wire.hasRest);
      }
      wire.destroy();
      await closed(wire);
      const head = readHead(wire, 1000, errors);
      if (wanted instanceof RegExp) await assert.rejects(head, wanted);
      else assert.equal(await head, wanted);
    }
  });

  test(`${name}: too long, bare LF and an abort reject, and the wire can be read on`, async (context) => {
    const make = await pairs(context, kind, way);
    const long = await make();
    long.peer.write("x".repeat(101));
    await assert.rejects(readHead(long.wire, 100, errors), /longer than 100/);
    const bare = await make();
    bare.peer.write("GET / HTTP/1.1\n\n");
    await assert.rejects(readHead(bare.wire, 100, errors), /bare LF/);
    const { wire, peer } = await make();
    const abort = new AbortController();
    const reason = new Error("enough");
    const aborted = readHead(wire, 100, errors, { signal: abort.signal });
    abort.abort(reason);
    await assert.rejects(aborted, (error) => error === reason);
    await assert.rejects(readHead(wire, 100, errors, { signal: abort.signal }), (error) => error === reason);
    peer.write("GET / HTTP/1.1\r\n\r\n");
    assert.equal(await readHead(wire, 100, errors), "GET / HTTP/1.1");
    // An abort that comes after the head finds nobody.
    await turn();
    assert.equal(wire.closed, false);
  });
}
