/**
 * Signs several histories of its own lane: rivals of one bundle or whole chains of them, and shows each to some. Other attacked
 * gateways acknowledge all of them.
 */
import type { Bundle } from "../../../ledger/bundle/index.ts";
import type { GatewayIndex } from "../../../ledger/committee/index.ts";
import type { Statement } from "../../../ledger/statement/index.ts";
import type { Random } from "../random.ts";
import { type Attack, type AttackContext, conspirators, conspire, othersOf, repeatedly, strike } from "./attack.ts";
import { type ForgedLane, forgedLane, ownBundle } from "./forged-lane.ts";
import { FORGERS } from "./forgeries.ts";
import { ackOf, inLanes, sayInLanes } from "./speech.ts";

/** Histories beside the true one, and the numbers where they leave it. */
const MAX_HISTORIES = 3;
const MAX_FORK = 5;
const MAX_DEPTH = 6;

export const equivocatingOwner: Attack = {
  name: "equivocating-owner",
  begin: (context) => {
    conspire(context);
    const { random } = context;
    const histories = Array.from({ length: 1 + random.below(MAX_HISTORIES) }, () => historyOf(context));
    const showsAll = random.chance(0.3);
    /** Which history each peer is shown; null = the true one. */
    let shown = new Map<GatewayIndex, ForgedLane | null>();
    const assign = () => {
      shown = new Map(othersOf(context).map((peer) => [peer, random.pick([null, ...histories])]));
    };
    assign();
    if (random.chance(0.5)) repeatedly(context, 2000, assign);
    return {
      outgoing: (to, bytes) => {
        const message = inLanes(bytes);
        const bundle = message?.kind === "bundle" ? ownBundle(context, message) : null;
        if (bundle === null) return [{ to, bytes }];
        const lanes = showsAll ? shuffled(random, [null, ...histories]) : [shown.get(to) ?? null];
        return lanes.map((lane) => ({ to, bytes: lane === null ? bytes : rivalBytes(context, lane, bundle, bytes) }));
      },
    };
  },
};

function rivalBytes(context: AttackContext, lane: ForgedLane, bundle: Bundle, bytes: Uint8Array): Uint8Array {
  const isNew = !lane.isForged(bundle.header.number);
  const rival = lane.standIn(bundle);
  if (rival === bundle) return bytes;
  strike(context, "equivocating-owner");
  if (isNew) vouchFor(context, rival);
  return sayInLanes({ kind: "bundle", cose: rival.cose, statements: rival.statements });
}

/** L4: an owner's accomplices acknowledge whatever it signs, unseen. */
function vouchFor(context: AttackContext, { header, hash }: Bundle): void {
  const { self } = context.committee;
  for (const accomplice of conspirators(context)) {
    if (accomplice.self === self) continue;
    const ack = ackOf(accomplice.committee, self, header.number, hash);
    for (const peer of othersOf(accomplice)) accomplice.send(peer, sayInLanes({ kind: "ack", ack }));
  }
}

function historyOf(context: AttackContext): ForgedLane {
  const { random } = context;
  const forge = random.pick(FORGERS);
  const depth = random.chance(0.5) ? 1 : 1 + random.below(MAX_DEPTH);
  const earlier: Statement[] = [];
  return forgedLane(context, random.below(MAX_FORK), depth, (bundle, statements) => {
    const forged = forge(context, bundle, statements, earlier);
    earlier.push(...statements);
    return forged;
  });
}

function shuffled<T>(random: Random, items: readonly T[]): readonly T[] {
  return items
    .map((item) => ({ item, at: random.next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
