import { readdirSync } from "node:fs";
import { join } from "node:path";

/** The tests that need nothing but Node.js: all but the laboratory's. */
export function unitTests() {
  return readdirSync("test", { recursive: true })
    .filter((name) => name.endsWith(".test.ts") && !name.startsWith("lab"))
    .map((name) => join("test", name))
    .sort();
}
