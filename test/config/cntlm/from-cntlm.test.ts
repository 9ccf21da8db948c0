import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { interfaces, read, write } from "../files.ts";

/** testuser, corp-uk, `password`. */
const old = {
  PassLM: "1AD35398BE6565DDB5C4EF70C0593492",
  PassNT: "77B9081511704EE852F94227CF48A793",
  PassNTLMv2: "1F6839EE15E639893286CF65C5D0A65C",
};
const plain = {
  PassLM: "E52CAC67419A9A224A3B108F3FA6CB6D",
  PassNT: "8846F7EAEE8FB117AD06BDD830B7586C",
  PassNTLMv2: "E097C611EA19C676CD79309A3A2F59A3",
};
const who = "Username testuser\nDomain corp-uk\nProxy 10.0.0.41:8080\nListen 3128\n";
const hex = (bytes: Uint8Array | undefined) =>
  Buffer.from(bytes ?? [])
    .toString("hex")
    .toUpperCase();
const credential = (result: ReturnType<typeof read>) => result.settings!.proxy.parents[0]!.credential!;

test("an ordinary cntlm.conf gives the same proxy", () => {
  const result = read(`${who}Workstation ws1
PassNTLMv2 ${old.PassNTLMv2}
PassNT ${old.PassNT}
Auth ntlmv2
Proxy [fd00::1]:8080
NoProxy localhost, 127.0.0.*
NoProxy 10.*,*.corp.example
`);
  assert.deepEqual([result.errors, result.warnings], [[], []]);
  const { proxy } = result.settings!;
  assert.deepEqual(
    proxy.parents.map(({ host, port }) => [host, port]),
    [
      ["10.0.0.41", 8080],
      ["fd00::1", 8080],
    ],
  );
  assert.deepEqual(proxy.noProxy, { text: "localhost, 127.0.0.*,10.*,*.corp.example", dialect: "cntlm" });
  assert.deepEqual(
    proxy.listen,
    ["127.0.0.1", "::1"].map((host) => ({ kind: "address", host, port: 3128 })),
  );
  assert.deepEqual(proxy.access, { rules: [], otherwise: "allow" });
  const { username, domain, workstation, auth, ntlmv2Hash } = credential(result);
  assert.deepEqual([username, domain, workstation, auth], ["testuser", "CORP-UK", "WS1", "ntlm"]);
  assert.equal(hex(ntlmv2Hash?.reveal()), plain.PassNTLMv2);
});

for (const [name, given, wanted] of [
  ["0.92", old, "proven by PassNT and PassNTLMv2"],
  ["0.94", plain, "proven by PassNT and PassNTLMv2"],
] as const)
  test(`hashes of cntlm ${name} are ${wanted}`, () => {
    const result = read(`${who}PassNT ${given.PassNT}\nPassNTLMv2 ${given.PassNTLMv2}\n`);
    assert.deepEqual(result.warnings, []);
    assert.equal(hex(credential(result).ntlmv2Hash?.reveal()), plain.PassNTLMv2);
  });

test("hashes that prove nothing are read as 0.92's, with a warning that says how to settle it", () => {
  const result = read(`${who}PassNTLMv2 ${old.PassNTLMv2}\n`);
  assert.equal(hex(credential(result).ntlmv2Hash?.reveal()), plain.PassNTLMv2);
  assert.match(
    result.warnings.join(),
    /^c:5:1: nothing proves which cntlm wrote PassNTLMv2.*# sallyport: hashes = 0\.92/,
  );
});

test("the setting for the hashes is taken from the option, the environment, or a comment, in this order", () => {
  const text = `# sallyport: hashes = 0.94\n${who}PassNTLMv2 ${plain.PassNTLMv2}\n`;
  const used = (result: ReturnType<typeof read>) => hex(credential(result).ntlmv2Hash?.reveal());
  assert.equal(used(read(text)), plain.PassNTLMv2);
  assert.deepEqual(read(text).warnings, []);
  assert.equal(used(read(text, { env: { SALLYPORT_CNTLM_HASHES: "0.92" } })), old.PassNTLMv2);
  assert.equal(
    used(read(text, { env: { SALLYPORT_CNTLM_HASHES: "0.92" }, overrides: { cntlmHashes: "0.94" } })),
    plain.PassNTLMv2,
  );
  assert.match(
    read(text, { env: { SALLYPORT_CNTLM_HASHES: "0.93" } }).errors.join(),
    /neither 0\.92 nor 0\.94/,
  );
});

test("a setting for the hashes that contradicts their proof is a mistake", () => {
  const { errors } = read(
    `# sallyport: hashes = 0.94\n${who}PassNT ${old.PassNT}\nPassNTLMv2 ${old.PassNTLMv2}\n`,
  );
  assert.match(errors.join(), /^c:1:1: .*provably those of 0\.92/);
});

test("PassNT and PassNTLMv2 that do not belong together are warned about", () => {
  const { warnings } = read(
    `# sallyport: hashes = 0.92\n${who.replace("testuser", "other")}PassNT ${old.PassNT}\nPassNTLMv2 ${old.PassNTLMv2}\n`,
  );
  assert.match(warnings.join(), /do not belong to one password/);
});

test("fault 13: PassNT alone signs in by NTLMv2", () => {
  const result = read(`# sallyport: hashes = 0.92\n${who}Auth NTLMv2\nPassNT ${old.PassNT}\n`);
  assert.deepEqual(result.warnings, []);
  assert.equal(hex(credential(result).ntHash?.reveal()), plain.PassNT);
});

test("fault 13: a user without password, a port without Listen and hashes cut short are told at the start", () => {
  const { errors } = read("Username u\nProxy a:1\n");
  assert.deepEqual(
    errors.map((line) => line.split(";")[0]),
    ["c:1:1: u has neither a password nor a hash", "c: no Listen says where the proxy is to be reached"],
  );
  assert.match(read(`${who}PassNT 0123\n`).errors.join(), /^c:5:1: PassNT is not 32 hex digits/);
  assert.match(read(`${who}PassLM ${old.PassLM}\n`).errors.join(), /PassLM alone/);
  assert.match(read("Proxy a:1\nListen 3128\n").warnings.join(), /there is no Username/);
});

test("Password beats every hash, and letters beyond ASCII are right", () => {
  const result = read(`${who}PassNT nonsense\nPassword pässwörd\n`);
  assert.equal(credential(result).password?.reveal(), "pässwörd");
  assert.deepEqual([result.errors, result.warnings], [[], []]);
  assert.equal(
    credential(read(Buffer.from(`${who}Password p\xe4ss\n`, "latin1"))).password?.reveal(),
    "päss",
  );
});

test("the first of an option that counts once wins, and the second is told", () => {
  const result = read(`${who}username second\nPassword "x"\n`);
  assert.equal(credential(result).username, "testuser");
  assert.match(result.warnings.join(), /^c:5:1: username is given twice, and the first \(line 1\) counts/);
});

test("values longer than cntlm's 49 and 63 bytes are whole", () => {
  const domain = "D".repeat(100);
  assert.equal(
    credential(read(`Username u\nDomain ${domain}\nPassword x\nProxy a:1\nListen 1\n`)).domain,
    domain,
  );
});

for (const [name, text, listen] of [
  ["a port with Gateway is all addresses", "Gateway yes\nListen 3128", [""]],
  ["Gateway counts wherever it stands", "Listen 3128\nGateway YES", [""]],
  ["only yes is yes", "Gateway true\nListen 3128", ["127.0.0.1", "::1"]],
  ["an address stays one with Gateway", "Gateway yes\nListen 10.9.8.7:3128", ["10.9.8.7"]],
  ["IPv6 in brackets works (fault 13)", "Listen [::1]:3128", ["::1"]],
  ["several are bound", "Listen 127.0.0.1:3128\nListen 172.17.0.1:3128", ["127.0.0.1", "172.17.0.1"]],
  ["0.0.0.0 may be written out", "Listen 0.0.0.0:3128", ["0.0.0.0"]],
] as const)
  test(`Listen: ${name}`, () => {
    const { settings, errors } = read(`Proxy a:1\n${text}\n`);
    assert.deepEqual(errors, []);
    assert.deepEqual(
      settings!.proxy.listen,
      listen.map((host) => ({ kind: "address", host, port: 3128 })),
    );
  });

test("Listen: without IPv6 on the host a port is 127.0.0.1 only; an interface's name is followed", () => {
  const without = { ...interfaces, lo: [{ address: "127.0.0.1" }] };
  const { settings } = read("Proxy a:1\nListen 3128\nListen docker0:3128\n", { interfaces: without });
  assert.deepEqual(settings!.proxy.listen, [
    { kind: "address", host: "127.0.0.1", port: 3128 },
    { kind: "interface", name: "docker0", port: 3128 },
  ]);
});

const local = ["127.0.0.0/8", "::1", "docker"];
for (const [name, text, who_, otherwise] of [
  ["loopback without rules lets in everybody there", "Listen 3128", [], "allow"],
  ["loopback keeps cntlm's default", "Listen 3128\nAllow 127.0.0.1", ["+127.0.0.1", "+::1"], "allow"],
  [
    "the order of the file decides",
    "Listen 3128\nDeny 10.0.0.1\nAllow 10.0.0.0/8\nDeny 0/0",
    ["-10.0.0.1", "+10.0.0.0/8", "-*"],
    "allow",
  ],
  ["Gateway without rules lets in everybody", "Gateway yes\nListen 3128", [], "allow"],
  [
    "Gateway with a Deny at the end lets in the others",
    "Gateway yes\nListen 3128\nDeny 10.0.0.1",
    ["-10.0.0.1"],
    "allow",
  ],
  [
    "an Allow at the end means nobody else",
    "Gateway yes\nListen 3128\nAllow 10.0.0.0/8",
    ["+10.0.0.0/8"],
    "deny",
  ],
  [
    "off loopback without rules only this host and its containers",
    "Listen 10.9.8.7:3128",
    local.map((one) => `+${one}`),
    "deny",
  ],
  [
    "off loopback after a Deny as well",
    "Listen 10.9.8.7:3128\nDeny 10.0.0.1",
    ["-10.0.0.1", ...local.map((one) => `+${one}`)],
    "deny",
  ],
  [
    "0, 0/0 and * are everybody, IPv6 too",
    "Listen 3128\nDeny 0\nDeny *\nAllow 0/0",
    ["-*", "-*", "+*"],
    "allow",
  ],
  ["names stay names", "Listen 3128\nAllow build1.corp.example", ["+build1.corp.example"], "allow"],
] as const)
  test(`access: ${name}`, () => {
    const { settings, errors } = read(`Proxy a:1\n${text}\n`);
    assert.deepEqual(errors, []);
    const { access } = settings!.proxy;
    assert.deepEqual(
      access.rules.map((one) => (one.action === "allow" ? "+" : "-") + one.who),
      who_,
    );
    assert.equal(access.otherwise, otherwise);
  });

for (const [line, wanted] of [
  ["SOCKS5Proxy 8010", /SOCKS5Proxy: a SOCKS5 listener comes in a later version/],
  ["SOCKS5Users a:S3cret", /SOCKS5Users: a SOCKS5 listener comes in a later version/],
  ["SOCKS5User a:S3cret", /SOCKS5User: a SOCKS5 listener comes in a later version/],
  ["Tunnel 1:a:2", /Tunnel: a fixed tunnel comes in a later version/],
  ["Header X: y", /Header: a header of your own comes in a later version/],
  ["NTLMToBasic yes", /NTLMToBasic comes in a later version/],
  ["Pac /x.pac", /Pac: a PAC file comes in a later version/],
  ["Flags 0x06820000", /Flags: NTLM flags of your own comes in a later version/],
  ["Auth NTLM2SR", /Auth NTLM2SR comes in a later version/],
  ["Auth NT", /Auth NT comes in a later version/],
  ["Auth NTLM", /Auth NTLM comes in a later version/],
  ["Auth lm", /Auth lm comes in a later version/],
  ["Auth gss", /Auth gss comes in a later version/],
  ["Auth NTLMv3", /Auth knows no "NTLMv3"; did you mean NTLMv2/],
  ["SSPI NTLM", /SSPI is not supported; .*Windows/],
  ["ISAScannerSize 1024", /ISAScannerSize is not supported; .*ISA Server/],
  ["ISAScannerAgent Wget/", /ISAScannerAgent is not supported; .*ISA Server/],
  ["Proxy =10.0.0.1:80", /"=10\.0\.0\.1:80" is not the URL of a parent; write host:port/],
  ["Proxy 10.0.0.1", /write host:port/],
  ["Proxy u:S3cret@a:80", /holds a user name or password/],
  ["Allow 10.0.0.0/33", /0 to 32/],
  ["Listen nonsense", /not an address to listen on/],
] as const)
  test(`"${line}" is a mistake by name and line`, () => {
    const { errors } = read(`Listen 127.0.0.1:1\nProxy a:1\n${line}\n`);
    assert.equal(errors.length, 1, errors.join("\n"));
    assert.match(errors[0]!, /^c:3:1: /);
    assert.match(errors[0]!, wanted);
    assert.doesNotMatch(errors[0]!, /S3cret/);
  });

for (const line of ["NTLMToBasic no", "ISAScannerSize 0", "Gateway no"])
  test(`"${line}" changes nothing and is taken`, () => {
    assert.deepEqual(read(`Listen 127.0.0.1:1\nProxy a:1\n${line}\n`).errors, []);
  });

test("an unknown keyword is a warning with the one that is near", () => {
  const { settings, warnings } = read("Listen 3128\nProxi a:1\nUser S3cret\nProxy a:1\n");
  assert.ok(settings);
  assert.match(
    warnings.join("\n"),
    /^c:2:1: cntlm has no option Proxi, and the line is ignored; did you mean Proxy\?$/m,
  );
  assert.doesNotMatch(warnings.join("\n"), /S3cret/);
});

test("a # that cuts a password is warned about, without showing it", () => {
  const { warnings } = read(`${who}Password S3c#ret\n`);
  assert.match(warnings.join("\n"), /^c:5:1: a "#" ends the value of Password/m);
  assert.doesNotMatch(warnings.join("\n"), /S3c/);
});

test("a file with secrets that everybody can read is refused, a group is warned about", () => {
  const text = `${who}Password S3cret\n`;
  assert.match(read(text, { mode: 0o644 }).errors.join(), /^c:5:1: it holds a password .*; run: chmod 600/);
  const group = read(text, { mode: 0o640 });
  assert.deepEqual(group.errors, []);
  assert.match(group.warnings.join(), /a group can use the file \(its mode is 0640\)/);
  assert.deepEqual(read("Listen 3128\nProxy a:1\n", { mode: 0o644 }).errors, []);
});

test("no secret of a cntlm.conf shows in its settings", () => {
  const { settings } = read(`${who}Password S3cret\n`);
  assert.doesNotMatch(JSON.stringify(settings) + inspect(settings, { depth: 20 }), /S3cret/);
});

test("the command line stands over cntlm.conf as well", () => {
  write("password", "other\n");
  const result = read(`${who}PassNT ${old.PassNT}\n`, {
    overrides: {
      username: "testuser",
      passwordFile: write("p", "pw"),
      listen: [{ kind: "unix", path: "/x" }],
    },
  });
  assert.equal(credential(result).password?.reveal(), "pw");
  assert.deepEqual(result.settings!.proxy.listen, [{ kind: "unix", path: "/x" }]);
});
