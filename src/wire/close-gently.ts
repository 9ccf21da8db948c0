import type { Wire } from "./wire.ts";

/**
 * Ends a connection so that the other side reads its answer to the end: closing with unread bytes would reset it
 * (RFC 9112, 9.6). What still comes is thrown away, for a short time.
 */
export function closeGently(wire: Wire): void {
  if (wire.closed) return;
  const limit = setTimeout(() => wire.destroy(), LINGER);
  wire.whenClosed(() => clearTimeout(limit));
  wire.end();
  wire.read({ data: (bytes) => bytes.length, end: () => {} });
}

const LINGER = 2000;
