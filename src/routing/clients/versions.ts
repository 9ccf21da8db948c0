/** True when `version` is `least` or later; numbers between dots are compared, what follows them is not. */
export function atLeast(version: string, least: string): boolean {
  const [have, want] = [numbers(version), numbers(least)];
  for (let i = 0; i < want.length; i++) {
    const difference = (have[i] ?? 0) - want[i]!;
    if (difference !== 0) return difference > 0;
  }
  return true;
}

function numbers(version: string): number[] {
  return version.split(".").map((part) => Number.parseInt(part, 10) || 0);
}
