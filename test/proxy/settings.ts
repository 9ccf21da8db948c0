import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { loadSettings } from "../../src/config/load.ts";
import type { LimitSettings, PoolSettings, Settings, TimeoutSettings } from "../../src/config/settings.ts";
import { temporaryFolder } from "../parents/identity.ts";

export interface SettingsTest {
  /** Default: 127.0.0.1 on a free port. */
  readonly listen?: readonly string[];
  readonly parents?: readonly string[];
  /** Default: the account of the embedded parent, when there are parents. `undefined`: no identity at all. */
  readonly password?: string | undefined;
  readonly auth?: "auto" | "ntlm" | "basic";
  /** More lines of `[proxy]`, and more tables. */
  readonly proxy?: string;
  readonly tables?: string;
  readonly timeouts?: Partial<TimeoutSettings>;
  readonly limits?: Partial<LimitSettings>;
  readonly pool?: Partial<PoolSettings>;
  /** Default: a new one. */
  readonly folder?: string;
}

/** Settings as the program reads them from a file, in a folder that is gone after the test. */
export function makeSettings(t: TestContext, input: SettingsTest = {}): Settings {
  const folder = input.folder ?? temporaryFolder(t);
  const { parents = [], password } = { password: "S3cret-pass", ...input };
  const file = join(folder, "sallyport.toml");
  writeFileSync(join(folder, "password"), `${password ?? ""}\n`, { mode: 0o600 });
  const identity = parents.length > 0 && password !== undefined;
  writeFileSync(
    file,
    [
      "[proxy]",
      `listen = ${JSON.stringify(input.listen ?? ["127.0.0.1:0"])}`,
      input.proxy ?? "",
      ...parents.map((url) => `[[proxy.parent]]\nurl = "${url}"`),
      ...(identity
        ? ["[identity]", 'username = "testuser"', 'domain = "CORP"', 'password_file = "password"']
        : []),
      ...(identity && input.auth ? [`auth = "${input.auth}"`] : []),
      `[state]\ndirectory = "${join(folder, "state")}"`,
      input.tables ?? "",
    ].join("\n"),
    { mode: 0o600 },
  );
  const { settings } = loadSettings({ file, env: {} });
  const { proxy } = settings;
  return {
    ...settings,
    proxy: {
      ...proxy,
      timeouts: { ...proxy.timeouts, ...input.timeouts },
      limits: { ...proxy.limits, ...input.limits },
      pool: { ...proxy.pool, ...input.pool },
    },
  };
}
