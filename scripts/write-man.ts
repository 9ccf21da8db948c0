/** Writes the man page, dist/man/sallyport.1, from the table of commands. The build calls it. */
import { mkdirSync, writeFileSync } from "node:fs";
import pkg from "../package.json" with { type: "json" };
import { commands } from "../src/cli/commands.ts";
import { manPage } from "../src/cli/man-page.ts";

// https://reproducible-builds.org/docs/source-date-epoch/
const seconds = process.env.SOURCE_DATE_EPOCH;
const date = (seconds ? new Date(Number(seconds) * 1000) : new Date()).toISOString().slice(0, 10);
mkdirSync("dist/man", { recursive: true });
writeFileSync("dist/man/sallyport.1", manPage(commands, { version: pkg.version, date }));
