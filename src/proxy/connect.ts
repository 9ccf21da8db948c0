import { tunnel } from "../wire/tunnel.ts";
import type { Wire } from "../wire/wire.ts";
import type { Admitted } from "./admit.ts";
import type { ClientConnection, ProxyContext } from "./context.ts";
import { outboundConnect } from "./outbound.ts";
import type { Recorder } from "./recorder.ts";
import { relayAnswer } from "./relay-answer.ts";

/**
 * Client → CONNECT → this proxy → (parent →) server: opens the way and then passes bytes.
 * @returns false: the connection is used up
 * @throws what kept the way from being opened; nothing was sent to the client then
 */
export async function serveConnect(
  connection: ClientConnection,
  admitted: Extract<Admitted, { kind: "connect" | "forward" }>,
  context: ProxyContext,
  recorder: Recorder,
): Promise<false> {
  const { head, target, isHost } = admitted;
  const route = context.route({ scheme: "https", host: target.host, port: target.port });
  if (route.kind === "direct") {
    recorder.via = "direct";
    const wire = await context.origins.dial(target, isHost, connection.gone, recorder.counters);
    return await join(connection, wire, context, recorder);
  }
  const parents = context.parentsOf(route);
  recorder.via = parents.list.find((one) => one.health.up)?.name ?? parents.list[0]?.name;
  const lines = outboundConnect(head, target, context.pseudonym);
  const opened = await parents.exchange({
    method: "CONNECT",
    authority: target.authority,
    head: (extra) => `${lines}${extra}\r\n`,
    replayable: true,
    sendBody: undefined,
    committed: false,
    interim: () => {},
    signal: connection.gone,
    counters: recorder.counters,
  });
  recorder.via = opened.parent.name;
  if (opened.head.status >= 200 && opened.head.status < 300)
    return await join(connection, opened.connection.wire, context, recorder);
  // The parent's own words, its block page perhaps, are what the client should see.
  await relayAnswer(connection, head, opened, context, recorder, { keepClient: false, bodySent: true });
  opened.connection.wire.destroy();
  return false;
}

async function join(
  connection: ClientConnection,
  wire: Wire,
  context: ProxyContext,
  recorder: Recorder,
): Promise<false> {
  if (connection.gone.aborted) {
    wire.destroy();
    return false;
  }
  recorder.answered(200);
  connection.wire.socket.write("HTTP/1.1 200 Connection established\r\n\r\n", "latin1");
  context.counts.tunnels++;
  const end = await tunnel(connection.wire, wire, context.idle, connection.gone);
  context.counts.tunnels--;
  recorder.bytesUp = end.up;
  recorder.bytesDown = end.down;
  return false;
}
