import { lookup } from "node:dns/promises";
import { ResolveError } from "../core/errors.ts";

/**
 * The addresses of a name, as the system resolves it (getaddrinfo), within ten seconds: it has no limit of its own.
 * @throws ResolveError
 */
export async function resolveName(name: string): Promise<string[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("no answer in time")), longestLookup).unref();
  });
  try {
    const found = await Promise.race([lookup(name, { all: true }), late]);
    return found.map((one) => one.address);
  } catch (cause) {
    throw new ResolveError(`The name ${name} cannot be resolved`, {
      cause,
      hint: `See what the system says: getent ahosts ${name}`,
    });
  } finally {
    clearTimeout(timer);
  }
}

const longestLookup = 10_000;
