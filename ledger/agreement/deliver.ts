/** A7: a finalized block delivers every undelivered ancestor, in order. */
import { type Hash, invariant } from "../committee/index.ts";
import { seedsAfter } from "../leaders/index.ts";
import { type Certificate, encodeBlock, encodeMessage, type Message } from "../message/index.ts";
import { onFinalized } from "./pace.ts";
import { isAbove, persist, type Turn } from "./turn.ts";
import type { Link, State } from "./types.ts";

/** Delivers up to the highest finalization known, as far as the blocks are there. */
export function deliver(turn: Turn): void {
  if (turn.state.highest !== null) deliverUpTo(turn, turn.state.highest);
}

export function deliverUpTo(turn: Turn, finalization: Certificate): void {
  const { vote } = finalization;
  if (vote.kind !== "finalize" || vote.view <= turn.state.delivered.view || turn.state.ended) return;
  const chain = chainTo(turn.state, vote.hash);
  if (chain === null) return;
  const last = chain.at(-1);
  invariant(last?.block.view === vote.view, `the block final in view ${vote.view} is not of that view`);
  const end = chain.findIndex(({ block }) => block.next !== null);
  if (end !== -1) return endEpoch(turn, finalization, chain.slice(0, end + 1), chain.slice(end + 1));
  write(turn, chain, last, { kind: "certificate", certificate: finalization });
  const { tips, seed } = last.block;
  const final = chain.map(({ block }) => block);
  const certified = turn.state.certified.map((known, lane) => {
    if (known.hashes.size === 0) return known;
    return { ...known, hashes: new Map([...known.hashes].filter(([number]) => isAbove(tips, lane, number))) };
  });
  const ahead = [...turn.state.ahead].filter((lane) => isAbove(tips, lane, certified[lane]?.highest?.number ?? -1));
  turn.state = {
    ...turn.state,
    delivered: { view: vote.view, hash: vote.hash, tips, seed, next: null, finalization },
    seeds: seedsAfter(turn.committee, turn.state.seeds, final),
    blocks: new Map([...turn.state.blocks].filter(([, block]) => block.view > vote.view)),
    certified,
    ahead: new Set(ahead),
  };
  onFinalized(turn);
}

/**
 * A13: the first block that names the next configuration is the last of its epoch. Empty ones above it have carried it to
 * finality and are forgotten; they stay in its proof.
 */
function endEpoch(turn: Turn, finalization: Certificate, chain: readonly Link[], carriers: readonly Link[]): void {
  const last = chain.at(-1);
  const next = last?.block.next ?? null;
  invariant(last !== undefined && next !== null, "A13: the epoch ends with a block that does not end it");
  if (!turn.state.approved.includes(next)) return void turn.effects.push({ kind: "successorWanted", hash: next });
  const blocks = carriers.map(({ block }) => block);
  const alone = { kind: "certificate", certificate: finalization } as const;
  write(turn, chain, last, blocks.length === 0 ? alone : { kind: "finalized", blocks, finalization });
  turn.effects.push({ kind: "epochEnded", last });
  turn.state = { ...turn.state, ended: true };
}

function write(turn: Turn, chain: readonly Link[], { hash, block: { view } }: Link, proof: Message): void {
  const written = chain.map((link) => ({ view: link.block.view, hash: link.hash, bytes: encodeBlock(link.block) }));
  const finalization = encodeMessage(proof);
  persist(turn, { kind: "finalized", view, hash, finalization, chain: written });
  turn.effects.push({ kind: "finalize", blocks: chain });
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
