/** A7: a finalized block delivers every undelivered ancestor, in order. */
import { invariant } from "../committee/index.ts";
import type { Hash } from "../committee/index.ts";
import { encodeBlock, encodeMessage } from "./codec.ts";
import { seedsAfter } from "./leaders.ts";
import { onFinalized } from "./pace.ts";
import type { Turn } from "./turn.ts";
import type { Block, Certificate, State } from "./types.ts";

type Link = { readonly hash: Hash; readonly block: Block };

/** Delivers up to the highest finalization known, as far as the blocks are there. */
export function deliver(turn: Turn): void {
  if (turn.state.highest !== null) deliverUpTo(turn, turn.state.highest);
}

export function deliverUpTo(turn: Turn, finalization: Certificate): void {
  const { vote } = finalization;
  if (vote.kind !== "finalize" || vote.view <= turn.state.delivered.view) return;
  const chain = chainTo(turn.state, vote.hash);
  if (chain === null) return;
  const last = chain.at(-1);
  invariant(
    last !== undefined && last.block.view === vote.view,
    `the block final in view ${vote.view} is not of that view`,
  );
  const written = chain.map(({ hash, block }) => ({ view: block.view, hash, bytes: encodeBlock(block) }));
  turn.effects.push({
    kind: "persist",
    write: {
      kind: "finalized",
      view: vote.view,
      hash: vote.hash,
      finalization: encodeMessage({ kind: "certificate", certificate: finalization }),
      chain: written,
    },
  });
  turn.effects.push({ kind: "finalize", blocks: chain });
  const blocks = new Map([...turn.state.blocks].filter(([, block]) => block.view > vote.view));
  const { tips, seed } = last.block;
  const certified = turn.state.certified.map(({ highest, hashes }, lane) => ({
    highest,
    hashes: new Map([...hashes].filter(([number]) => number > (tips[lane]?.number ?? -1))),
  }));
  turn.state = {
    ...turn.state,
    delivered: { view: vote.view, hash: vote.hash, tips, seed, finalization },
    seeds: seedsAfter(
      turn.committee,
      turn.state.seeds,
      chain.map(({ block }) => block),
    ),
    blocks,
    certified,
  };
  onFinalized(turn);
}

/** The blocks from above the delivered one to `hash`, oldest first; null while one of them is not known. */
export function chainTo(state: State, hash: Hash): readonly Link[] | null {
  const chain: Link[] = [];
  for (let at = hash; at !== state.delivered.hash; ) {
    const block = state.blocks.get(at);
    if (block === undefined) return null;
    chain.push({ hash: at, block });
    at = block.parent;
  }
  return chain.reverse();
}
