import type { CommandSpec } from "./command.ts";
import { hashSpec } from "./specs/hash.ts";

/** All commands, in the order of the help. */
export const commands: readonly CommandSpec[] = [hashSpec];
