/** The lanes after a restart, from what is on disk. */
import { decode } from "../cbor/index.ts";
import { type Committee, type GatewayIndex, invariant } from "../committee/index.ts";
import { decodeStatement } from "../statement/index.ts";
import type { Recovered } from "../store/port.ts";
import { type LaneCertificate, readLaneCertificate } from "./certificate.ts";
import { NO_HASH } from "./lanes.ts";
import type { Lane, Lanes } from "./types.ts";

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
  silent: false,
  fetching: null,
};

/** `silent`: the lanes in which this gateway gives no more acks (see `silentKey`). Throws when the store's bytes do not decode. */
export function recoverLanes(committee: Committee, stored: Recovered["lanes"], silent: ReadonlySet<GatewayIndex>): Lanes {
  const lanes = Array.from({ length: committee.size }, (_, index) => {
    const found = stored.find(({ lane }) => lane === index);
    const lane = found === undefined ? EMPTY : recoverLane(found);
    return { ...lane, silent: silent.has(index) };
  });
  const peers = lanes.flatMap((_, index) => (index === committee.self ? [] : [index]));
  return { lanes, copies: new Map(peers.map((peer) => [peer, { held: 0, sent: null }])), movedAtMs: 0, wakeAtMs: null };
}

function recoverLane({ number, hash, nextStatement, certificate, lastStatement }: Recovered["lanes"][number]): Lane {
  if (number < 0) return { ...EMPTY, certificate: recoverCertificate(certificate) };
  const last = decodeStatement(lastStatement);
  invariant(last.kind === "accept", "the store holds a statement that this program did not accept");
  return { ...EMPTY, held: number + 1, heldHash: hash, nextStatement, lastAtMs: last.statement.measurement.at, certificate: recoverCertificate(certificate) };
}

function recoverCertificate(bytes: Uint8Array | null): LaneCertificate | null {
  if (bytes === null) return null;
  const decoded = decode(bytes);
  invariant(decoded.kind === "accept", "the store holds a lane certificate that this program did not write");
  return readLaneCertificate(decoded.value);
}
