/** What is final: one chain of cuts that only go forward (A1, A7), one log made from it (X1 to X5), and nothing invalid in either. */
import { genesisOf } from "../../../ledger/agreement/index.ts";
import { decodeUnchecked } from "../../../ledger/cbor/index.ts";
import type { GatewayIndex, Hash } from "../../../ledger/committee/index.ts";
import type { Execution, Write } from "../../../ledger/store/port.ts";
import { type Context, nameOf } from "./context.ts";
import type { LanesWatch } from "./lanes.ts";
import { voteOf } from "./proof.ts";
import { readBlock } from "../../../ledger/message/index.ts";

export type ChainWatch = {
  readonly durable: (gateway: GatewayIndex, write: Write) => void;
  readonly executed: (gateway: GatewayIndex, execution: Extract<Execution, { kind: "executed" }>) => void;
  /** A gateway begins a life: it remembers nothing but what is on its disk. */
  readonly started: (gateway: GatewayIndex) => void;
  /** An honest gateway signed these bytes: when it was a vote, this is what it had executed by then. */
  readonly signed: (gateway: GatewayIndex, message: Uint8Array) => void;
  /** R4: an honest gateway vouches for its log. */
  readonly cosigned: (gateway: GatewayIndex, size: number, root: Hash) => void;
  /** Final statements so far. */
  readonly statements: () => number;
};

/** Half of what a gateway remembers. */
const ROOTS_LOOKED_AT = 32;

type Link = { readonly view: number; readonly hash: Hash };

export function watchChain(context: Context, lanes: LanesWatch): ChainWatch {
  const { committee, violated } = context;
  /** The finalized chain as whoever is furthest has it, from genesis on. */
  const genesis = genesisOf(committee);
  const chain: Link[] = [{ view: 0, hash: genesis.hash }];
  let tips = genesis.tips;
  /** How much of it is on the disk of each gateway. */
  const length = Array.from({ length: committee.size }, () => 1);
  /** What executed bundles were told of. There are gaps: a life that ends behind its commit tells of nothing. */
  const leaves = new Map<number, { readonly lane: GatewayIndex; readonly number: number; readonly hash: Hash }>();
  /** By lane and number of the next bundle: the number of its first statement. */
  const next = Array.from({ length: committee.size }, () => new Map<number, number>([[0, 0]]));
  const roots = new Map<number, Hash>();
  /** By gateway: the sizes that it has executed in this life, in order. */
  const executed = Array.from({ length: committee.size }, (): number[] => []);
  /** By gateway: how many of them when it signed for a block. */
  const decided = Array.from({ length: committee.size }, () => new Map<Hash, number>());
  let statements = 0;

  /** A4: a voter that has executed so far has held the checkpoint in the block against its own log. */
  function onVotedFor(x: GatewayIndex, hash: Hash, bytes: Uint8Array): void {
    const known = decided[x]?.get(hash);
    const decoded = decodeUnchecked(bytes);
    if (known === undefined || decoded.kind === "reject") return;
    const { checkpoint, view } = readBlock(decoded.value);
    const recent = executed[x]?.slice(Math.max(0, known - ROOTS_LOOKED_AT), known);
    if (checkpoint !== null && recent?.includes(checkpoint.size) && roots.get(checkpoint.size) !== checkpoint.root)
      violated("A4", `${nameOf(x)} notarized view ${view}, whose checkpoint contradicts its own log`);
  }

  function onFinalized(x: GatewayIndex, { view, hash, chain: links }: Extract<Write, { kind: "finalized" }>): void {
    for (const link of links) {
      const at = length[x] ?? 1;
      const known = chain[at];
      // The same write again after a crash that lost nothing (S3).
      if (link.view <= (chain[at - 1]?.view ?? 0)) {
        if (!chain.some((other) => other.hash === link.hash))
          violated("agreement", `${nameOf(x)} finalized ${link.hash.slice(0, 8)} beside the chain`);
        continue;
      }
      if (known === undefined) append(x, link);
      else if (known.hash !== link.hash)
        violated(
          "agreement",
          `${nameOf(x)} finalized ${link.hash.slice(0, 8)} in view ${link.view}, another ${known.hash.slice(0, 8)} in ${known.view}`,
        );
      length[x] = at + 1;
    }
    if (chain[(length[x] ?? 1) - 1]?.hash !== hash) violated("A7", `${nameOf(x)} set W to ${view} without its block`);
  }

  /** A1: what the quorum has put its names to. */
  function append(x: GatewayIndex, { view, hash, bytes }: Link & { readonly bytes: Uint8Array }): void {
    const decoded = decodeUnchecked(bytes);
    if (decoded.kind === "reject") return violated("A1", `${nameOf(x)} finalized a block that does not decode`);
    const block = readBlock(decoded.value);
    const last = chain.at(-1);
    if (block.parent !== last?.hash) violated("A7", `${nameOf(x)} finalized view ${view} without its ancestors`);
    if (block.configHash !== committee.configHash)
      violated("A4", `the block of view ${view} has another configuration`);
    for (const [lane, tip] of block.tips.entries()) {
      const before = tips[lane];
      if (before === undefined || tip.number < before.number) violated("A1", `lane ${lane} goes back in view ${view}`);
      else if (tip.number === before.number ? tip.hash !== before.hash : !lanes.isBacked(lane, tip.number, tip.hash))
        violated("A4", `bundle ${tip.number} of lane ${lane} became final in view ${view} and is not certified`);
    }
    tips = block.tips;
    chain.push({ view, hash });
  }

  return {
    durable: (x, write) => {
      if (write.kind === "finalized") onFinalized(x, write);
      if (write.kind === "block") onVotedFor(x, write.hash, write.bytes);
    },
    started: (x) => {
      executed[x] = [];
      decided[x]?.clear();
    },
    signed: (x, message) => {
      const vote =
        message.length < 400 && Buffer.from(message.buffer, message.byteOffset, message.length).includes("notarize")
          ? voteOf(committee, message)
          : null;
      if (vote?.kind === "notarize") decided[x]?.set(vote.hash, executed[x]?.length ?? 0);
    },
    executed: (x, { state, bundles }) => {
      const known = roots.get(state.size);
      if (known !== undefined && known !== state.root)
        violated("X2", `${nameOf(x)} has another root than others at size ${state.size}`);
      roots.set(state.size, state.root);
      executed[x]?.push(state.size);
      for (const [at, { lane, number }] of bundles.entries()) {
        const before = bundles[at - 1];
        const follows =
          before === undefined || before.lane < lane || (before.lane === lane && before.number + 1 === number);
        if (!follows) violated("X1", `${nameOf(x)} executed bundle ${number} of lane ${lane} out of turn`);
      }
      for (const { lane, number, first, count, leaf } of bundles) {
        const body = lanes.bodyOf(x, lane, number);
        const says = (rule: string, text: string) =>
          violated(rule, `${nameOf(x)}, bundle ${number} of lane ${lane}: ${text}`);
        if (body === undefined) {
          says("X3", "executed and not on its disk");
          continue;
        }
        const { hash } = body;
        const at = leaves.get(leaf);
        if (at !== undefined) {
          if (at.lane !== lane || at.number !== number || at.hash !== hash)
            says("X1", `leaf ${leaf} is another one elsewhere`);
          continue;
        }
        const expected = next[lane]?.get(number) ?? first;
        if (first !== expected) says("X1", `it begins at statement ${first}, not ${expected}`);
        if (body.fault !== null) says("L3", `it is final, but ${body.fault}`);
        leaves.set(leaf, { lane, number, hash });
        next[lane]?.set(number + 1, first + count);
        statements += count;
      }
    },
    cosigned: (x, size, root) => {
      // Executed on its disk by a life that ended before it could say so: then this is the first word of it.
      if ((roots.get(size) ?? root) !== root)
        violated("R4", `${nameOf(x)} cosigned another log of ${size} than others have executed`);
      roots.set(size, root);
    },
    statements: () => statements,
  };
}
