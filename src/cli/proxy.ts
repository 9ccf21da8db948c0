import { overridesFromOptions } from "../config/overrides.ts";
import type { CommandCall } from "./command.ts";
import { runService } from "./service.ts";

/** `sallyport proxy`: the proxy in the foreground. */
export async function run(call: CommandCall): Promise<number> {
  return await runService({
    file: call.options.config as string | undefined,
    overrides: overridesFromOptions(call.options),
    env: call.env,
    err: call.err,
  });
}
