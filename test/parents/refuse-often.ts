// A program of its own, for refusals.test.ts: counts so many refusals of one key, as a process among several.
import { RefusalFile } from "../../src/parents/refusals.ts";

const [folder = "", key = "", times = "0"] = process.argv.slice(2);
const file = new RefusalFile(folder, (error) => {
  console.error(error.message);
  process.exitCode = 1;
});
for (let i = 0; i < Number(times); i++)
  await file.update(key, "CORP\\testuser", (before) => ({ count: before.count + 1, at: 1, pending: false }));
