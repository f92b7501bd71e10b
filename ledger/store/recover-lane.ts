import type { Recovered, StoredBundle } from "./port.ts";

/** Null when nothing of the lane is held. A certificate may come before the first bundle: then the number is -1. */
export function recoverLane(
  lane: number,
  last: StoredBundle | undefined,
  certificate: Uint8Array | null,
): Recovered["lanes"][number] | null {
  if (last !== undefined) {
    const { number, hash, first, cose, statements } = last;
    const lastStatement = statements.at(-1) ?? new Uint8Array(0);
    return { lane, number, hash, nextStatement: first + statements.length, certificate, cose, lastStatement };
  }
  if (certificate === null) return null;
  const nothing = new Uint8Array(0);
  return {
    lane,
    number: -1,
    hash: "0".repeat(64),
    nextStatement: 0,
    certificate,
    cose: nothing,
    lastStatement: nothing,
  };
}
