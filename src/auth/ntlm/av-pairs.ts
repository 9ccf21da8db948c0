import { ChallengeError } from "../../core/errors.ts";
import { viewOf } from "./message.ts";

/** One attribute of the target information (AV_PAIR, MS-NLMP 2.2.2.1). */
export interface AvPair {
  readonly id: number;
  readonly value: Uint8Array;
}

/** The kinds that are read or written here; any other is passed on untouched. */
export const avId = {
  end: 0,
  computerName: 1,
  domainName: 2,
  dnsComputerName: 3,
  dnsDomainName: 4,
  flags: 6,
  timestamp: 7,
  targetName: 9,
  channelBindings: 10,
} as const;

/** MsvAvFlags: the authenticate message carries a message integrity code. */
export const micPresent = 0x2;

/**
 * The pairs in their order, without the closing one; what follows that is ignored. A list without
 * a closing pair is taken as whole when it ends between two pairs.
 * @throws ChallengeError when a pair is cut off
 */
export function parseAvPairs(bytes: Uint8Array): AvPair[] {
  const view = viewOf(bytes);
  const pairs: AvPair[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (at + 4 > bytes.length) throw cutOff(at, bytes.length);
    const id = view.getUint16(at, true);
    if (id === avId.end) break;
    const end = at + 4 + view.getUint16(at + 2, true);
    if (end > bytes.length) throw cutOff(at, bytes.length);
    pairs.push({ id, value: bytes.subarray(at + 4, end) });
    at = end;
  }
  return pairs;
}

/** The pairs and the closing one as bytes. */
export function serializeAvPairs(pairs: readonly AvPair[]): Uint8Array {
  const parts = pairs.flatMap(({ id, value }) => {
    const head = Buffer.alloc(4);
    head.writeUInt16LE(id, 0);
    head.writeUInt16LE(value.length, 2);
    return [head, value];
  });
  return Buffer.concat([...parts, Buffer.alloc(4)]);
}

/** The server's time, 8 bytes; undefined when there is none, or none of that length. The first of several counts. */
export function timestampOf(pairs: readonly AvPair[]): Uint8Array | undefined {
  const value = pairs.find((pair) => pair.id === avId.timestamp)?.value;
  return value?.length === 8 ? value : undefined;
}

/** MsvAvFlags as a number; 0 when there are none, or none of 4 bytes. */
export function flagsOf(pairs: readonly AvPair[]): number {
  const value = pairs.find((pair) => pair.id === avId.flags)?.value;
  return value?.length === 4 ? viewOf(value).getUint32(0, true) : 0;
}

/** The list with exactly one pair of that kind: in the place of the first one, else at the end. */
export function withAvPair(pairs: readonly AvPair[], id: number, value: Uint8Array): AvPair[] {
  const at = pairs.findIndex((pair) => pair.id === id);
  if (at < 0) return [...pairs, { id, value }];
  return pairs.flatMap((pair, i) => (i === at ? [{ id, value }] : pair.id === id ? [] : [pair]));
}

function cutOff(at: number, length: number): ChallengeError {
  return new ChallengeError(
    `The parent's NTLM challenge cannot be used: its target information of ${length} bytes is cut off in the pair at byte ${at}.`,
    { hint: "Ask the people who run the parent what sends such a message, or use another scheme." },
  );
}
