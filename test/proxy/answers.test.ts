import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import {
  AnswerError,
  BadRequestError,
  ClientLogonError,
  ConnectTimeoutError,
  CredentialRefusedError,
  errorKinds,
  TargetDeniedError,
} from "../../src/core/errors.ts";
import { hopOf, writeFailure } from "../../src/proxy/answers.ts";
import { Client, type ClientAnswer } from "./client.ts";
import { startProxy } from "./stage.ts";

/** RFC 9209, 2 with RFC 8941: a token, parameters whose values are tokens or strings of printable ASCII. */
const PROXY_STATUS =
  /^Proxy-Status: sallyport(?:; error=[a-z_]+)?; details="(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"$/m;

function failure(
  error: ConstructorParameters<typeof BadRequestError> | Error,
  accept = "*/*",
  method = "GET",
) {
  const thrown = error instanceof Error ? error : new BadRequestError(...error);
  return writeFailure({
    error: thrown as BadRequestError,
    fields: [{ name: "Accept", lower: "accept", value: accept }],
    method,
    via: "10.0.0.41:8080",
    close: true,
  });
}

const split = (text: string) => {
  const at = text.indexOf("\r\n\r\n");
  return { head: text.slice(0, at), body: text.slice(at + 4) };
};

test("a failed request's answer names hop, cause and mend, in text by default", () => {
  const { head, body } = split(
    failure(new ConnectTimeoutError("Connecting to the parent took 2 s", { hint: "Look at the firewall." })),
  );
  assert.match(head, /^HTTP\/1\.1 504 Gateway Timeout\r\n/);
  assert.match(head, /Content-Type: text\/plain; charset=utf-8/);
  assert.match(head, /Cache-Control: no-store/);
  assert.match(head, /Connection: close/);
  assert.match(head, /; error=connection_timeout; details="SP_CONNECT_TIMEOUT: Connecting/);
  assert.equal(
    body,
    [
      "504 Gateway Timeout: a connection that got no answer",
      "",
      "Hop:   from Sallyport to the company's proxy 10.0.0.41:8080",
      "Cause: Connecting to the parent took 2 s",
      "Mend:  Look at the firewall.",
      "",
      "Sallyport, SP_CONNECT_TIMEOUT",
      "",
    ].join("\n"),
  );
});

test("a browser gets HTML, in which nothing of the request is markup", () => {
  const { head, body } = split(failure(["<script>alert('x')</script> & \"more\""], "text/html,*/*;q=0.8"));
  assert.match(head, /Content-Type: text\/html; charset=utf-8/);
  assert.match(head, /Content-Security-Policy: default-src 'none'/);
  assert.ok(!body.includes("<script>"));
  assert.match(body, /&#60;script&#62;/);
  assert.match(body, /<dt>Hop<\/dt>/);
});

test("whatever a message holds, head and length are well-formed", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.boolean(), (message, html) => {
      const { head, body } = split(failure([message], html ? "text/html" : ""));
      assert.match(head, PROXY_STATUS);
      assert.match(head, /^[\x20-\x7e\r\n]*$/);
      assert.ok(!/[^\r]\n|\r[^\n]/.test(head));
      assert.equal(/Content-Length: (\d+)/.exec(head)?.[1], String(Buffer.byteLength(body)));
    }),
  );
});

test("a HEAD gets the head alone, and only a client's own sign-in is asked for", () => {
  const text = failure(new AnswerError("broken"), "*/*", "HEAD");
  assert.match(text, /Content-Length: [1-9]/);
  assert.ok(text.endsWith("\r\n\r\n"));
  assert.ok(!text.includes("Proxy-Authenticate"));
  assert.match(
    failure(new ClientLogonError("who?")),
    /407 [\s\S]*Proxy-Authenticate: Basic realm="Sallyport"/,
  );
});

test("the hop is the one that is broken", () => {
  assert.match(hopOf(new BadRequestError("x"), "p:1"), /from the program to Sallyport/);
  assert.match(hopOf(new TargetDeniedError("x"), undefined), /from the program/);
  assert.match(hopOf(new AnswerError("x"), "direct"), /straight to the server/);
  assert.match(hopOf(new AnswerError("x"), "p:1"), /company's proxy p:1/);
  assert.match(hopOf(new CredentialRefusedError("x"), "p:1"), /the logon .* p:1/);
  assert.match(hopOf(new AnswerError("x"), undefined), /in Sallyport on this host/);
});

test("every kind that the proxy answers with has a status of its own and a registered error type", () => {
  // RFC 9209, 2.3.
  const registered =
    /^(dns_(timeout|error)|destination_(not_found|unavailable|ip_prohibited|ip_unroutable)|connection_(refused|terminated|timeout|read_timeout|write_timeout|limit_reached)|tls_\w+|http_(request_error|request_denied|response_incomplete|response_timeout|upgrade_failed|protocol_error)|proxy_(internal_response|internal_error|configuration_error|loop_detected))$/;
  for (const kind of errorKinds) if (kind.proxyError) assert.match(kind.proxyError, registered, kind.code);
});

async function ask(t: TestContext, line: string, fields: string[] = [], proxy = ""): Promise<ClientAnswer> {
  const { at } = await startProxy(t, { proxy });
  return await (await Client.open(t, at)).request(line, fields);
}

test("a request for a path, as to a server, is told how a proxy is used", async (t) => {
  const { status, body } = await ask(t, "GET / HTTP/1.1");
  assert.equal(status, 400);
  assert.match(body, /Set this address as the proxy/);
});

test("https:// without CONNECT cannot be fetched direct: 501, and how it is done", async (t) => {
  const { status, body } = await ask(t, "GET https://origin.example/");
  assert.equal(status, 501);
  assert.match(body, /CONNECT/);
});

test("TRACE and OPTIONS with Max-Forwards: 0 are answered here, without what is secret", async (t) => {
  const secrets = [
    "Authorization: Basic c2VjcmV0",
    "Cookie: c2VjcmV0",
    "Proxy-Authorization: Basic c2VjcmV0",
  ];
  const traced = await ask(t, "TRACE http://origin.example/", ["Max-Forwards: 0", "X-Seen: yes", ...secrets]);
  assert.equal(traced.status, 200);
  assert.match(traced.body, /^TRACE http:\/\/origin\.example\/ HTTP\/1\.1\r\n[\s\S]*X-Seen: yes/);
  assert.ok(!traced.body.includes("c2VjcmV0"));
  const options = await ask(t, "OPTIONS http://origin.example/", ["Max-Forwards: 0"]);
  assert.match(options.headers.get("allow") ?? "", /CONNECT/);
});

test("a refused request leaves the connection open for the next one, unless its body is still to come", async (t) => {
  const { at } = await startProxy(t, { proxy: 'deny = ["*"]' });
  const one = await Client.open(t, at);
  for (let i = 0; i < 3; i++) assert.equal((await one.request("GET http://origin.example/")).status, 403);
  one.send("POST http://origin.example/", ["Content-Length: 5"], "GET /");
  assert.equal((await one.answer()).headers.get("connection"), "close");
  assert.equal(await one.over(), "end");
});
