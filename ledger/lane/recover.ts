/** The lanes after a restart, from what is on disk. */
import { decode } from "../cbor/index.ts";
import { type Committee, type GatewayIndex, invariant } from "../committee/index.ts";
import { decodeStatement } from "../statement/index.ts";
import type { Recovered, StoredBundle } from "../store/port.ts";
import { type Ack, ackBytes, type LaneCertificate, readLaneCertificate } from "./certificate.ts";
import { NO_HASH } from "./turn.ts";
import type { Lane, LaneEnd, Lanes } from "./types.ts";

const EMPTY: Lane = {
  held: 0,
  heldHash: NO_HASH,
  nextStatement: 0,
  lastAtMs: 0,
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
  attempts: 0,
  disputedUpTo: -1,
  rewinding: false,
  movedAtMs: 0,
};

/** `silent`: the lanes in which this gateway gives no more acks (see `silentKey`). Throws when the store's bytes do not decode. */
export function recoverLanes(
  committee: Committee,
  stored: Recovered["lanes"],
  silent: ReadonlySet<GatewayIndex>,
): Lanes {
  const lanes = Array.from({ length: committee.size }, (_, index) => {
    const found = stored.find(({ lane }) => lane === index);
    const lane = found === undefined ? EMPTY : recoverLane(found);
    return withOwnAck(committee, index, { ...lane, silent: silent.has(index) });
  });
  const peers = lanes.flatMap((_, index) => (index === committee.self ? [] : [index]));
  return { lanes, copies: new Map(peers.map((peer) => [peer, { held: 0, sent: null }])), wakeAtMs: null };
}

function recoverLane({ number, hash, nextStatement, certificate, lastStatement }: Recovered["lanes"][number]): Lane {
  if (number < 0) return { ...EMPTY, certificate: recoverCertificate(certificate) };
  const last = decodeStatement(lastStatement);
  invariant(last.kind === "accept", "the store holds a statement that this program did not accept");
  return {
    ...EMPTY,
    held: number + 1,
    heldHash: hash,
    nextStatement,
    lastAtMs: last.statement.measurement.at,
    certificate: recoverCertificate(certificate),
  };
}

/**
 * L3: the last body that was on disk before the restart is acknowledged again, in case the ack or its certificate went
 * down with the process. That one vouches for all below it (L4); the ones above follow as they come.
 */
function withOwnAck(committee: Committee, index: GatewayIndex, lane: Lane): Lane {
  const number = lane.held - 1;
  if (index === committee.self || lane.silent || number <= (lane.certificate?.number ?? -1)) return lane;
  const signature = committee.sign(ackBytes(committee, index, number, lane.heldHash));
  const ack: Ack = { lane: index, number, hash: lane.heldHash, voter: committee.self, signature };
  return {
    ...lane,
    uncertified: new Map([[number, lane.heldHash]]),
    acks: new Map([[number, new Map([[committee.self, ack]])]]),
  };
}

/** L9: where a lane ends whose last bundle this is; null = before the first. */
export function endOf(last: StoredBundle | null): LaneEnd {
  if (last === null) return { held: 0, heldHash: NO_HASH, nextStatement: 0, lastAtMs: 0 };
  const decoded = decodeStatement(last.statements.at(-1) ?? new Uint8Array());
  invariant(decoded.kind === "accept", "the store holds a statement that this program did not accept");
  const { hash, number, first, statements } = last;
  return {
    held: number + 1,
    heldHash: hash,
    nextStatement: first + statements.length,
    lastAtMs: decoded.statement.measurement.at,
  };
}

function recoverCertificate(bytes: Uint8Array | null): LaneCertificate | null {
  if (bytes === null) return null;
  const decoded = decode(bytes);
  invariant(decoded.kind === "accept", "the store holds a lane certificate that this program did not write");
  return readLaneCertificate(decoded.value);
}
