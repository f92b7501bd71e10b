/**
 * Signs several histories of its own lane: rivals of one bundle or whole chains of them, and shows each to some. Other attacked
 * gateways acknowledge all of them.
 */
import type { Bundle } from "../../../ledger/bundle/index.ts";
import type { GatewayIndex } from "../../../ledger/committee/index.ts";
import type { Statement } from "../../../ledger/statement/index.ts";
import type { Random } from "../random.ts";
import { type Attack, type AttackContext, conspirators, conspire, othersOf, repeatedly, strike } from "./attack.ts";
import { type ForgedLane, type Forgery, forgedLane, ownBundle } from "./forged-lane.ts";
import { ackOf, inLanes, sayInLanes } from "./speech.ts";

/** Histories beside the true one, and the numbers where they leave it. */
const MAX_HISTORIES = 3;
const MAX_FORK = 12;
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
  const forge = random.pick([younger, tooOld, later, soldTwice, fewer, renumbered, resigned]);
  const depth = random.chance(0.5) ? 1 : 1 + random.below(MAX_DEPTH);
  const earlier: Statement[] = [];
  return forgedLane(context, random.below(MAX_FORK), depth, (bundle, statements) => {
    const forged = forge(bundle, statements, earlier, random);
    earlier.push(...statements);
    return forged;
  });
}

type Forger = (
  bundle: Bundle,
  statements: readonly Statement[],
  earlier: readonly Statement[],
  random: Random,
) => Forgery;

const truly = (bundle: Bundle, statements: readonly Statement[]): Forgery => ({
  statements,
  createdMs: bundle.header.created,
  firstOff: 0,
  isSignatureOnly: false,
});

/** Another header over the same statements. */
const younger: Forger = (bundle, statements) => ({
  ...truly(bundle, statements),
  createdMs: bundle.header.created + 1,
});

/** The same statements under a header that is not valid: who sees it first refuses, while the others certify its rival. */
const tooOld: Forger = (bundle, statements) => ({
  ...truly(bundle, statements),
  createdMs: Math.max(0, (statements.at(-1)?.measurement.at ?? 1) - 1),
});

/** Other statements in the same numbers, as valid as the true ones. */
const later: Forger = (bundle, statements) => ({
  ...truly(
    bundle,
    statements.map((statement) => moved(statement, 1)),
  ),
  createdMs: bundle.header.created + 1,
});

/** A measurement that was sold before, in the number of another one. */
const soldTwice: Forger = (bundle, statements, earlier, random) => {
  const sold = earlier.length === 0 ? null : random.pick(earlier);
  if (sold === null) return later(bundle, statements, earlier, random);
  const again = statements.map((statement) => ({
    ...sold,
    number: statement.number,
    measurement: { ...sold.measurement, at: statement.measurement.at },
  }));
  return truly(bundle, again);
};

/** One statement less, so that all numbers that follow differ. */
const fewer: Forger = (bundle, statements, earlier, random) =>
  statements.length > 1 ? truly(bundle, statements.slice(0, -1)) : later(bundle, statements, earlier, random);

const renumbered: Forger = (bundle, statements, _earlier, random) => ({
  ...truly(bundle, statements),
  firstOff: random.pick([-1, 1]),
});

/** L2: nothing but another signature. */
const resigned: Forger = (bundle, statements) => ({ ...truly(bundle, statements), isSignatureOnly: true });

function moved(statement: Statement, byMs: number): Statement {
  const { measurement } = statement;
  return { ...statement, measurement: { ...measurement, at: measurement.at + byMs } };
}

function shuffled<T>(random: Random, items: readonly T[]): readonly T[] {
  return items
    .map((item) => ({ item, at: random.next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
