import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { text } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import { type DemoOrigin, startDemoOrigin } from "../../src/demo/origin.ts";
import { RawClient } from "./raw-client.ts";

async function origin(t: TestContext): Promise<DemoOrigin> {
  const started = await startDemoOrigin({
    names: ["origin.demo.test"],
    files: new Map([["/file", Buffer.from("held")]]),
  });
  t.after(() => started.stop());
  return started;
}

function get(url: string, options: object = {}, body = ""): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = url.startsWith("https") ? httpsRequest : httpRequest;
    request(url, options, resolve).once("error", reject).end(body);
  });
}

test("HTTPS works for who trusts the certificate, under each of its names, and for nobody else", async (t) => {
  const { https, certificate } = await origin(t);
  for (const servername of ["localhost", "origin.demo.test"])
    assert.equal(
      (await get(`${https.url}/204`, { ca: certificate, servername, agent: false })).statusCode,
      204,
    );
  assert.equal((await get(`${https.url}/204`, { ca: certificate, agent: false })).statusCode, 204);
  await assert.rejects(get(`${https.url}/204`, { agent: false }), /self-signed/);
  await assert.rejects(
    get(`${https.url}/204`, { ca: certificate, servername: "other.test", agent: false }),
    /altnames/,
  );
});

test("the certificate is valid from yesterday for thirty days, and is no CA", async (t) => {
  const certificate = new X509Certificate((await origin(t)).certificate);
  const days = (date: string) => Math.round((Date.parse(date) - Date.now()) / 86_400_000);
  assert.equal(certificate.ca, false);
  assert.deepEqual([days(certificate.validFrom), days(certificate.validTo)], [-1, 30]);
  assert.ok(certificate.verify(certificate.publicKey));
});

test("/echo tells what arrived", async (t) => {
  const { http } = await origin(t);
  const answer = await get(`${http.url}/echo?q`, { method: "PUT", headers: { "x-said": "so" } }, "abc");
  const told = JSON.parse(await text(answer));
  assert.equal(told.method, "PUT");
  assert.equal(told.url, "/echo?q");
  assert.equal(told.headers["x-said"], "so");
  assert.deepEqual(told.body, {
    length: 3,
    sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  });
});

test("each path answers in its own way", async (t) => {
  const { http } = await origin(t);
  const body = async (path: string, options = {}) => await text(await get(http.url + path, options));
  assert.equal(await body("/chunked"), "part 1\npart 2\npart 3\n");
  assert.equal(await body("/sse"), "data: event 1\n\ndata: event 2\n\ndata: event 3\n\n");
  assert.equal((await body("/big?n=3000000")).length, 3_000_000);
  assert.equal(await body("/slow?ms=1"), "late\n");
  assert.equal(await body("/file"), "held");
  const statuses = ["/204", "/304", "/401", "/nowhere"].map(
    async (path) => (await get(http.url + path)).statusCode,
  );
  assert.deepEqual(await Promise.all(statuses), [204, 304, 401, 404]);
  const head = await get(`${http.url}/head`, { method: "HEAD" });
  assert.equal(head.headers["content-length"], "15");
  assert.equal(await text(head), "");
  const raw = await RawClient.open(http.port);
  raw.write("GET /close HTTP/1.1\r\nHost: x\r\n\r\n");
  const close = await raw.rest();
  assert.doesNotMatch(close, /content-length|transfer-encoding/i);
  assert.ok(close.endsWith("\r\n\r\nuntil the end\n"));
  raw.socket.destroy();
});

test("an answer before the body is read", async (t) => {
  const raw = await RawClient.open((await origin(t)).http.port);
  t.after(() => raw.socket.destroy());
  assert.equal((await raw.request("POST /early", ["Content-Length: 100000"])).status, 413);
});

test("the raw services: one waits for the client's end, one speaks first and echoes", async (t) => {
  const { halfClosePort, bannerPort } = await origin(t);
  const late = await RawClient.open(halfClosePort);
  late.write("12345");
  late.socket.end();
  assert.equal(await late.rest(), "got 5 bytes\n");
  const echo = await RawClient.open(bannerPort);
  await echo.expect("hello\n");
  echo.write("again");
  await echo.expect("again");
  echo.socket.destroy();
});
