import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Credential } from "../../src/core/credential.ts";
import { Secret } from "../../src/core/secret.ts";
import { type EventMap, Events } from "../../src/observe/events.ts";

/** The account that the embedded parent knows. */
export function credential(password = "S3cret-pass", more: Partial<Credential> = {}): Credential {
  return {
    username: "testuser",
    domain: "CORP",
    workstation: "CI",
    auth: "auto",
    password: new Secret(password),
    ...more,
  };
}

/** A folder that is gone after the test. */
export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-test-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

type Told = { [K in keyof EventMap]: { readonly name: K } & EventMap[K] }[keyof EventMap];

/** Events, with all that was told; `next` waits for one that was not there before. */
export function recordingEvents(): { events: Events; told: Told[]; next: typeof next } {
  const events = new Events();
  const told: Told[] = [];
  const waiting = new Set<(one: Told) => void>();
  for (const name of NAMES)
    events.on(name, (event: object) => {
      const one = { name, ...event } as unknown as Told;
      told.push(one);
      for (const wake of waiting) wake(one);
    });
  function next<K extends keyof EventMap>(
    name: K,
    fits: (event: EventMap[K]) => boolean = () => true,
  ): Promise<EventMap[K]> {
    return new Promise((resolve) => {
      const look = (one: Told) => {
        if (one.name !== name || !fits(one as unknown as EventMap[K])) return;
        waiting.delete(look);
        resolve(one as unknown as EventMap[K]);
      };
      waiting.add(look);
    });
  }
  return { events, told, next };
}

const NAMES: readonly (keyof EventMap)[] = [
  "listening",
  "waiting",
  "closed",
  "ready",
  "connection-opened",
  "connection-closed",
  "request",
  "parent-state",
  "logon",
  "latched",
  "reloading",
  "reloaded",
  "reload-failed",
  "stopping",
  "warning",
  "debug",
];
