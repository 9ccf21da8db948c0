import type { EventMap, Events, RequestRecord } from "./events.ts";
import { type FailureSummary, summariseFailures } from "./failure-summary.ts";
import type { Log } from "./log.ts";

/**
 * Writes what happens to the log. Requests get a line each when `access` is on; else only those that failed,
 * and of these one every ten seconds for each error and way out, with a count of the rest.
 * @returns what ends it, and tells the counts that are still held back
 */
export function logEvents(events: Events, log: Log, options: { readonly access: boolean }): () => void {
  const told = new Set<string>();
  const failures = options.access ? undefined : summariseFailures(log);
  const ends = [
    events.on("listening", (event) => log.info("listening", event)),
    events.on("waiting", (event) => log.info("waiting", { ...event, reason: "no address yet" })),
    events.on("closed", (event) => log.info("closed", event)),
    events.on("ready", (event) => log.info("ready", event)),
    events.on("connection-opened", (event) => log.debug("connection opened", event)),
    events.on("connection-closed", (event) => log.debug("connection closed", event)),
    events.on("request", (event) => logRequest(log, event, failures)),
    events.on("parent-state", (event) => logParent(log, event)),
    events.on("logon", (event) => {
      if (event.accepted) told.delete(event.identity);
      logLogon(log, event);
    }),
    events.on("latched", (event) => {
      // Every request of a thousand may run into the latch: the account's owner needs to hear it once.
      if (told.has(event.identity)) return;
      told.add(event.identity);
      log.error("CREDENTIAL REFUSED: no further logon is tried", { ...event, hint: event.hint ?? latchHint });
    }),
    events.on("reloading", (event) => log.info("reloading", event)),
    events.on("reloaded", (event) => {
      told.clear();
      log.info("reloaded", event);
    }),
    events.on("reload-failed", ({ message, ...rest }) =>
      log.error("reload failed, the settings from before stay in force", { reason: message, ...rest }),
    ),
    events.on("stopping", (event) => log.info("stopping", event)),
    events.on("warning", ({ message, ...rest }) => log.warn(message, rest)),
    events.on("debug", ({ message, detail }) => log.debug(message, detail)),
    () => failures?.end(),
  ];
  return () => {
    for (const end of ends) end();
  };
}

const latchHint =
  "Correct the user name or the password in the configuration, then reload (a systemd service: restart): logons are tried again as soon as the credential has changed.";

function logRequest(log: Log, record: RequestRecord, failures: FailureSummary | undefined): void {
  if (failures === undefined) log.info("request", { ...record });
  else if (record.error !== undefined) failures.add(record, record.error);
}

function logParent(log: Log, event: EventMap["parent-state"]): void {
  if (event.up) log.info("parent up", { parent: event.parent, reason: event.reason });
  else log.warn("parent down", { parent: event.parent, reason: event.reason });
}

function logLogon(log: Log, { accepted, ...rest }: EventMap["logon"]): void {
  if (accepted) log.debug("logon accepted", rest);
  else log.warn("logon refused", rest);
}
