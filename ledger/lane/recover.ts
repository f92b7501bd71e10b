/** The lanes after a restart, from what is on disk. */
import { type BundleHeader, openBundle } from "../bundle/index.ts";
import { type Committee, type GatewayIndex, invariant } from "../committee/index.ts";
import { storedLaneCertificate } from "../message/index.ts";
import { decodeStatement } from "../statement/index.ts";
import type { Recovered, StoredBundle } from "../store/port.ts";
import { above, NO_COPY, NO_HASH, NOTHING } from "./turn.ts";
import type { Candidate, Lane, LaneEnd, Lanes, Settled } from "./types.ts";

const EMPTY: Lane = {
  ...endOf(null),
  settled: NOTHING,
  certificate: null,
  acks: new Map(),
  checking: null,
  waiting: new Map(),
  refused: null,
  refusedHashes: [],
  refusers: new Map(),
  silent: false,
  uncertified: new Map(),
  fetching: null,
  unproven: false,
  attempts: 0,
  wantedUpTo: -1,
  disputedUpTo: -1,
  rewinding: false,
  movedAtMs: 0,
};

/**
 * `silent`: the lanes in which this gateway gives no more acks (see `silentKey`). `executed`: the last executed bundle of each
 * lane, -1 = none. Other gateways' lanes that hold more than that take nothing until they are `recalled`.
 * Throws when the store's certificates do not decode.
 */
export function recoverLanes(
  committee: Committee,
  stored: Recovered["lanes"],
  silent: ReadonlySet<GatewayIndex>,
  executed: readonly number[],
): Lanes {
  const lanes = Array.from({ length: committee.size }, (_, index) => {
    const found = stored.find(({ lane }) => lane === index);
    const lane = found === undefined ? EMPTY : recoverLane(found);
    const isOwn = index === committee.self && committee.member && lane.held >= committee.ownFrom;
    const rewinding = !isOwn && lane.held - 1 > (executed[index] ?? -1);
    return { ...lane, silent: silent.has(index), rewinding };
  });
  return { lanes, copies: lanes.map(() => NO_COPY), wakeAtMs: null };
}

/**
 * L12: the lanes as the next epoch finds them: what is settled is the cut with which it begins; certificates and acks meant something in
 * the one before only. A lane whose owner's key went is cut off there and takes nothing until it is `recalled`.
 */
export function beginEpoch(committee: Committee, before: Lanes, start: readonly Settled[]): Lanes {
  const { ends = [] } = committee.eras.get(committee.epoch - 1) ?? {};
  const lanes = Array.from({ length: committee.size }, (_, index): Lane => {
    const lane = before.lanes[index] ?? EMPTY;
    const settled = start[index] ?? EMPTY.settled;
    const none = { settled, certificate: null, acks: new Map(), refusers: new Map(), fetching: null };
    const isOpen = (ends[index] ?? Number.POSITIVE_INFINITY) === Number.POSITIVE_INFINITY;
    if (!isOpen && lane.held - 1 > settled.number) {
      const { wantedUpTo, movedAtMs } = lane;
      const cut = { held: settled.number + 1, heldHash: settled.hash };
      return { ...EMPTY, ...none, ...cut, wantedUpTo, movedAtMs, rewinding: true };
    }
    const stays = ({ bundle }: Candidate): boolean => isOpen || bundle.header.number <= settled.number;
    return {
      ...lane,
      ...none,
      waiting: new Map([...lane.waiting].filter(([, candidate]) => stays(candidate))),
      checking: lane.checking !== null && stays(lane.checking) ? lane.checking : null,
      refused: lane.refused !== null && stays(lane.refused) ? lane.refused : null,
      uncertified: above(lane.uncertified, settled.number),
      // L8, L9: a new key is trusted anew.
      silent: lane.silent && isOpen,
      disputedUpTo: isOpen ? lane.disputedUpTo : -1,
    };
  });
  const copies = lanes.map((_, peer) => ({ ...(before.copies[peer] ?? NO_COPY), answeredAtMs: NO_COPY.answeredAtMs }));
  return { lanes, copies, wakeAtMs: null };
}

function recoverLane(stored: Recovered["lanes"][number]): Lane {
  const certificate = stored.certificate && storedLaneCertificate(stored.certificate);
  const settled = certificate === null ? EMPTY.settled : { number: certificate.number, hash: certificate.hash };
  return { ...EMPTY, ...(stored.number < 0 ? {} : endAt(stored)), certificate, settled };
}

/** L9: where a lane ends whose last bundle this is; null = before the first. */
export function endOf(last: StoredBundle | null): LaneEnd {
  if (last === null) return { held: 0, heldHash: NO_HASH, nextStatement: 0, lastAtMs: 0, epoch: 0 };
  const { first, statements } = last;
  const lastStatement = statements.at(-1) ?? new Uint8Array();
  return endAt({ ...last, nextStatement: first + statements.length, lastStatement });
}

function endAt(last: Omit<Recovered["lanes"][number], "lane" | "certificate">): LaneEnd {
  const { number, hash, nextStatement, lastStatement, cose } = last;
  const lastAtMs = timeOf(lastStatement, cose);
  return { held: number + 1, heldHash: hash, nextStatement, lastAtMs, epoch: headerOf(cose).epoch };
}

/** A body that only the others could read (L8) has at least its header's time. */
export function timeOf(statement: Uint8Array, cose: Uint8Array): number {
  const decoded = decodeStatement(statement);
  return decoded.kind === "accept" ? decoded.statement.measurement.at : headerOf(cose).created;
}

function headerOf(cose: Uint8Array): BundleHeader {
  const opened = openBundle(cose, null);
  invariant(opened.kind === "accept", "the store holds a bundle whose header does not open");
  return opened.bundle.header;
}
