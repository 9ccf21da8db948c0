import { HeadCollector } from "../http1/collector.ts";
import type { Wire } from "./wire.ts";

export interface HeadErrors {
  tooLong(bytes: number): Error;
  bareLineFeed(): Error;
  /** The connection ended within the head. */
  cutShort(cause: Error | undefined): Error;
}

/**
 * Reads one head. Bytes after it stay on the wire.
 * @returns the head's text, or undefined when the other side ended before its first byte
 * @throws what `errors` makes, or the signal's reason
 */
export function readHead(
  wire: Wire,
  limit: number,
  errors: HeadErrors,
  options: { signal?: AbortSignal | undefined; started?: () => void } = {},
): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const collector = new HeadCollector(limit, errors.tooLong, errors.bareLineFeed);
    let over = false;
    let begun = false;
    let stopWatching = () => {};
    const finish = (act: () => void) => {
      if (over) return;
      over = true;
      options.signal?.removeEventListener("abort", abort);
      stopWatching();
      wire.unread();
      act();
    };
    const abort = () => finish(() => reject(options.signal?.reason));
    const gone = (error: Error | undefined) =>
      finish(() => {
        if (collector.empty && (error === undefined || !begun)) resolve(undefined);
        else reject(errors.cutShort(error));
      });
    if (options.signal?.aborted) return abort();
    options.signal?.addEventListener("abort", abort);
    wire.read({
      data(bytes) {
        let result: ReturnType<HeadCollector["push"]>;
        try {
          result = collector.push(bytes);
        } catch (fault) {
          finish(() => reject(fault));
          return bytes.length;
        }
        if (!begun && !collector.empty) {
          begun = true;
          options.started?.();
        }
        const { text, used } = result;
        if (text !== undefined) finish(() => resolve(text));
        return used;
      },
      end: () => gone(undefined),
    });
    // Only now: what had come before the connection broke may hold a whole head.
    if (!over) stopWatching = wire.whenClosed(gone);
  });
}
