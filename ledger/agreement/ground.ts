/** A3: what a block of a view may stand on. */
import type { Hash } from "../committee/index.ts";
import type { Certificate, Tip } from "../message/index.ts";
import { parentOf, roundOf } from "./turn.ts";
import type { State } from "./types.ts";

/** Where a new block may stand: A3's parent, and the nullifications of every view between. */
export type Ground = {
  readonly view: number;
  readonly hash: Hash;
  readonly tips: readonly Tip[];
  readonly seed: Hash;
  readonly next: Hash | null;
  readonly certificate: Certificate | null;
  readonly nullifications: readonly Certificate[];
};

/** A3: the highest notarized v' such that Nullification(u) is held for every v' < u < v; null while something is missing. */
export function groundFor(state: State, view: number): Ground | null {
  const nullifications: Certificate[] = [];
  for (let below = view - 1; below > state.delivered.view; below -= 1) {
    const round = roundOf(state, below);
    if (round.notarization !== null && round.notarization.vote.kind === "notarize") {
      const { hash } = round.notarization.vote;
      const parent = parentOf(state, hash);
      return parent === null ? null : { ...parent, view: below, hash, certificate: round.notarization, nullifications };
    }
    if (round.nullification === null) return null;
    nullifications.push(round.nullification);
  }
  return { ...state.delivered, certificate: state.delivered.finalization, nullifications };
}
