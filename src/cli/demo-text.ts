import { account, type DemoNetwork, originHost } from "../demo/network.ts";
import type { Program } from "../demo/programs.ts";
import type { StepReport } from "../demo/run-steps.ts";
import type { RequestRecord } from "../observe/events.ts";
import type { Colors } from "./demo-table.ts";

/** The hops, and the configuration that the proxy runs on. */
export function picture(network: DemoNetwork, clients: readonly Program[], colors: Colors): string {
  const { proxy, lost, parent, config } = network;
  const dead = `dead: it ${lost.how} connections`;
  const { bold, dim, red, green } = colors;
  return `A company's network in this process, with Sallyport in front of it. Nothing leaves this host.

  clients              the proxy                    the company's proxies                          outside
  curl, git, Node ---> ${bold("Sallyport")} -----------+--${red("x")} 1  ${lost.address.padEnd(15)}  ${red(dead)}
  (no password)        ${proxy.padEnd(15)}      |
                       (signs in)           +--${green(">")} 2  ${parent.address.padEnd(15)}  ${green("NTLM, checks the logon")} ---> ${originHost}

${dim("It runs on this sallyport.toml:")}
${config
  .split("\n")
  .filter((line) => line !== "")
  .map((line) => dim(`  ${line}`))
  .join("\n")}

Clients: ${clients.map((one) => `${one.name} ${one.version ?? "(not installed)"}`).join(", ")}

`;
}

/** What stands below the table. */
export function summary(
  network: DemoNetwork,
  reports: readonly StepReport[],
  parentEvents: readonly string[],
  colors: Colors,
): string {
  const { parent } = network;
  const { counters } = parent;
  const missing = [
    ...new Set(reports.filter((one) => one.status === "not installed").map((one) => one.client)),
  ];
  const failed = reports.filter((one) => one.status === "failed").length;
  const verdict = failed === 0 ? colors.green("It all worked.") : colors.red(`${failed} of them failed.`);
  return `
${colors.dim("round trips: requests sent to a parent; new TCP: connections opened to parents while a client waited;")}
${colors.dim("logons: NTLM proofs, spare connections signed in ahead of need included; answer: the slowest one's.")}

${parentEvents.map((one) => `${one}\n`).join("")}parent 2   saw ${counters.requests} requests on ${counters.connections} connections, ${counters.logonsAccepted} logons accepted, ${counters.logonsRefused} refused, ${counters.legs} times 407
${missing.length > 0 ? `left out   not installed here: ${missing.join(", ")}\n` : ""}${verdict}
`;
}

/** How to send one's own requests. */
export function invitation(network: DemoNetwork, colors: Colors): string {
  const { proxy, certificateFile, parent } = network;
  return `
${colors.bold("It stays up. Try it from another terminal (Ctrl-C ends it):")}

  curl -x http://${proxy} http://${originHost}/
  curl -x http://${proxy} --cacert ${certificateFile} https://${originHost}/echo
  git -c http.proxy=http://${proxy} ls-remote http://${originHost}/hello.git
  sallyport detect --parent ${parent.url} -u ${account.username} -d ${account.domain} http://${originHost}/
      (the password of the demo's account is ${account.password.reveal()})
  curl -x ${parent.url} http://${originHost}/       without Sallyport: 407

Each request, when it has ended:
`;
}

/** One request of the user's own. */
export function liveLine(record: RequestRecord, colors: Colors): string {
  const status = record.status >= 400 || record.error ? colors.red : colors.green;
  const trips = record.roundTrips === 1 ? "1 round trip" : `${record.roundTrips} round trips`;
  const way = record.via === undefined ? "" : `, ${record.via === "direct" ? "direct" : `via ${record.via}`}`;
  const error = record.error === undefined ? "" : ` ${colors.red(record.error)}`;
  return `  ${record.method} ${record.target} ${status(String(record.status))}${error}${way}, ${trips}, ${record.connections} new TCP, ${record.answerMs.toFixed(1)} ms\n`;
}

/** For scripts. */
export function demoJson(network: DemoNetwork, reports: readonly StepReport[]): string {
  const { proxy, lost, parent } = network;
  return `${JSON.stringify(
    {
      ok: reports.every((one) => one.status !== "failed"),
      proxy,
      parents: [
        { address: lost.address, state: lost.how },
        { address: parent.address, state: "well", ...parent.counters },
      ],
      steps: reports.map((one) => ({ ...one, version: one.version ?? null, ms: one.ms ?? null })),
    },
    null,
    2,
  )}\n`;
}
