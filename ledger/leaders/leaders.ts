/** A12: who leads a view. Drawn from reveals that nobody could choose; progress depends on it, safety does not. */
import { encode } from "../cbor/index.ts";
import {
  type Committee,
  drawn,
  type GatewayIndex,
  type Hash,
  hashBytes,
  invariant,
  signedBytes,
} from "../committee/index.ts";
import { sha256, toHex } from "../crypto/index.ts";
import type { Block } from "../message/index.ts";

/** Before the first reveal. */
export const NO_SEED: Hash = "0".repeat(64);
/** The first block of so many views carries a reveal. */
const SPAN_VIEWS = 64;
/** What is to decide has been final for so many views, and for two rounds: news of it has long come round by then. */
const MIN_LAG_VIEWS = 16;

type Seeded = Pick<Block, "view" | "seed">;
/** The final blocks that set a seed, oldest first. */
export type Seeds = readonly Seeded[];

/**
 * In a round of n views everybody leads once, in an order drawn from the round and from the seed that was final well before it.
 * Gateways that do not know of the same final blocks may differ for a moment.
 */
export function leaderOf({ voters }: Committee, seeds: Seeds, view: number): GatewayIndex {
  const place = view % voters.length;
  const seed = seeds.findLast((known) => known.view <= settledBy(voters.length, view - place))?.seed ?? NO_SEED;
  const leader = (seed === NO_SEED ? voters : orderOf(voters, seed, view - place))[place];
  invariant(leader !== undefined, "C6: nobody has a vote");
  return leader;
}

function settledBy(size: number, roundStart: number): number {
  return roundStart - Math.max(MIN_LAG_VIEWS, 2 * size);
}

/** The last two orders of each committee: a round has n views, and every input asks who leads. */
const orders = new WeakMap<readonly GatewayIndex[], Map<string, readonly GatewayIndex[]>>();

function orderOf(voters: readonly GatewayIndex[], seed: Hash, round: number): readonly GatewayIndex[] {
  const key = `${seed}/${round}`;
  const known = orders.get(voters)?.get(key);
  if (known !== undefined) return known;
  const order = drawn(voters, voters.length, ["tallystick/v1 order", hashBytes(seed), round]);
  orders.set(voters, new Map([...(orders.get(voters) ?? []), [key, order] as const].slice(-2)));
  return order;
}

/** The seeds that the leaders of views above the last of `blocks` can depend on: by the blocks that set them, oldest first. */
export function seedsAfter({ voters }: Committee, seeds: Seeds, blocks: readonly Seeded[]): Seeds {
  const all = [...seeds];
  for (const { view, seed } of blocks) if (seed !== (all.at(-1)?.seed ?? NO_SEED)) all.push({ view, seed });
  // The oldest round that still matters began at most n - 1 views ago.
  const oldest = settledBy(voters.length, (blocks.at(-1)?.view ?? 0) - voters.length);
  return all.slice(
    Math.max(
      0,
      all.findLastIndex(({ view }) => view <= oldest),
    ),
  );
}

/** The seed of a block of `view` by this gateway: its parent's, or the one that the reveal of a new span makes of it. */
export function seedFor(committee: Committee, parent: Seeded, view: number): Pick<Block, "seed" | "reveal"> {
  if (!mustReveal(view, parent)) return { seed: parent.seed, reveal: null };
  const { proof, output } = committee.prove(revealBytes(committee, parent, view));
  return { seed: nextSeed(parent, output), reveal: proof };
}

/** A4: why a block's seed is not what its leader has to give; null when it is. */
export function seedFault(committee: Committee, leader: GatewayIndex, parent: Seeded, block: Block): string | null {
  const { view, reveal, seed } = block;
  if (mustReveal(view, parent) !== (reveal !== null))
    return reveal === null ? "it lacks the reveal of its span" : "its span has a reveal already";
  if (reveal === null) return seed === parent.seed ? null : "it changes the seed without a reveal";
  const output = committee.verifyReveal(leader, revealBytes(committee, parent, view), reveal);
  if (output === null) return "its reveal is not its leader's";
  return seed === nextSeed(parent, output) ? null : "its seed is not that of its reveal";
}

/** The first block of a span in its chain reveals, no other does. */
function mustReveal(view: number, parent: Seeded): boolean {
  return spanOf(view) > spanOf(parent.view);
}

/** What is proven: settled by the chain before, so that a leader may reveal or lose its view, and has nothing to choose. */
function revealBytes(committee: Committee, parent: Seeded, view: number): Uint8Array {
  return signedBytes(committee, "reveal", [spanOf(view)], parent.seed);
}

function nextSeed(parent: Seeded, output: Uint8Array): Hash {
  return toHex(sha256(encode(["tallystick/v1 seed", hashBytes(parent.seed), output])));
}

function spanOf(view: number): number {
  return Math.floor(view / SPAN_VIEWS);
}
