import { homedir } from "node:os";
import { join } from "node:path";

/** Where state is kept when nothing says so: systemd's StateDirectory= (the first of several), /var/lib for root, else the user's own (XDG base directories). */
export function stateDirectory(env: NodeJS.ProcessEnv): string {
  const fromSystemd = env.STATE_DIRECTORY?.split(":")[0];
  if (fromSystemd) return fromSystemd;
  if (process.geteuid?.() === 0) return "/var/lib/sallyport";
  return join(env.XDG_STATE_HOME || join(env.HOME || homedir(), ".local", "state"), "sallyport");
}
