import { stateDirectory } from "../../config/state-directory.ts";
import { Secret } from "../../core/secret.ts";
import { runService } from "../service.ts";
import { become, prepareState } from "./account.ts";
import type { Order } from "./order.ts";
import { removePidFile, writePidFile } from "./pid-file.ts";

/**
 * Runs the proxy until a signal ends it. Once all addresses are bound it becomes the user of -U, writes the pid
 * file, and says that it is ready.
 *
 * HUP ends it, as it ends cntlm: Debian's init script stops the service with that signal.
 */
export async function serve(
  order: Order,
  err: NodeJS.WritableStream & { readonly isTTY?: boolean },
  ready: () => void | Promise<void> = () => {},
): Promise<number> {
  const { file, lines, password, account, pidFile } = order;
  const env = process.env;
  if (account) await prepareState(stateDirectory(env), account);
  try {
    return await runService({
      file,
      overrides: order.verbose ? { logLevel: "debug" } : {},
      cntlm: { lines, password: password === undefined ? undefined : new Secret(password) },
      hangup: "stop",
      env,
      err,
      async ready() {
        if (account) become(account);
        if (pidFile) writePidFile(pidFile);
        await ready();
      },
    });
  } finally {
    if (pidFile) removePidFile(pidFile);
  }
}
