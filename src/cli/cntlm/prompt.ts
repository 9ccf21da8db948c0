import type { Secret } from "../../core/secret.ts";
import { askForPassword } from "../ask-password.ts";

/** Asks as cntlm does: the question goes to standard output, even when standard input is no terminal. */
export async function promptForPassword(): Promise<Secret<string> | undefined> {
  const bare = !process.stdin.isTTY;
  if (bare) process.stdout.write("Password: ");
  try {
    return await askForPassword(process.stdin, process.stdout);
  } finally {
    if (bare) process.stdout.write("\n");
  }
}
