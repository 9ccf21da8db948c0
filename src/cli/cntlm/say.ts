export function say(sentence: string): void {
  process.stderr.write(`cntlm: ${sentence}\n`);
}

/** An error: what went wrong, and what mends it. */
export function tell({
  message,
  hint,
}: {
  readonly message: string;
  readonly hint?: string | undefined;
}): void {
  say(message);
  if (hint) process.stderr.write(`  ${hint}\n`);
}
