import type { CommandSpec } from "./command.ts";
import { checkSpec } from "./specs/check.ts";
import { completionSpec } from "./specs/completion.ts";
import { demoSpec } from "./specs/demo.ts";
import { detectSpec } from "./specs/detect.ts";
import { envSpec } from "./specs/env.ts";
import { explainSpec } from "./specs/explain.ts";
import { hashSpec } from "./specs/hash.ts";
import { proxySpec } from "./specs/proxy.ts";

/** All commands, in the order of the help. */
export const commands: readonly CommandSpec[] = [
  proxySpec,
  detectSpec,
  hashSpec,
  checkSpec,
  envSpec,
  explainSpec,
  demoSpec,
  completionSpec,
];
