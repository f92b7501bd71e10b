/**
 * A14, L10: telling everybody everything costs n^2 messages, which is right for a handful of gateways and ruinous for hundreds.
 * Who collects is no secret and no privilege: quorums do not change, so a collector can withhold but never forge.
 */
import { type CborValue, encode } from "../cbor/index.ts";
import { fromHex, sha256 } from "../crypto/index.ts";
import type { Committee, GatewayIndex } from "./index.ts";

/** Up to this many votes everybody tells everybody. */
const ALL_TO_ALL_VOTERS = 16;
/** L10: up to this many votes the acks of a bundle to everybody and its copies are 3 n messages together. */
const ACKS_TO_ALL_VOTERS = 4;
/** 2^8 times the least number of collectors is more than all of 500. */
const MAX_DOUBLINGS = 8;

export function isLarge({ voters }: Committee): boolean {
  return voters.length > ALL_TO_ALL_VOTERS;
}

/** L10: its owner alone gets the acks of a bundle and makes its certificate. */
export function ownerCollects({ voters }: Committee): boolean {
  return voters.length > ACKS_TO_ALL_VOTERS;
}

/**
 * The collectors of what is said about `place` (a view, a log size): K = max(3, ceil(1.5 log2 n)) for the first attempt, twice as
 * many for each further one, up to all. Those of an attempt are among those of the next, so that what was collected counts.
 */
export function collectorsOf(
  { voters, site, epoch, configHash }: Committee,
  kind: string,
  place: number,
  attempt: number,
): readonly GatewayIndex[] {
  const least = Math.max(3, Math.ceil(1.5 * Math.log2(voters.length)));
  const count = least * 2 ** Math.min(attempt, MAX_DOUBLINGS);
  if (count >= voters.length) return voters;
  return drawn(voters, count, ["tallystick/v1 collectors", site, epoch, fromHex(configHash), kind, place]);
}

/**
 * `count` of the voters, in an order that the seed decides: the first places of a shuffle (Fisher and Yates), with eight draws of
 * 32 bits from each hash. The bias, n in 2^32, helps nobody.
 */
export function drawn(
  voters: readonly GatewayIndex[],
  count: number,
  seed: readonly CborValue[],
): readonly GatewayIndex[] {
  const order = [...voters];
  let words: DataView = new DataView(new ArrayBuffer(0));
  for (let at = 0; at < count; at += 1) {
    if (at % 8 === 0) words = new DataView(sha256(encode([...seed, at])).buffer);
    const other = at + (words.getUint32(4 * (at % 8)) % (order.length - at));
    [order[at], order[other]] = [order[other] as GatewayIndex, order[at] as GatewayIndex];
  }
  return order.slice(0, count);
}
