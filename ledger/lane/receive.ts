/** L3 and L8: other gateways' bundles are checked, stored and acknowledged, or refused. */
import { type Bundle, openBundle, type OpenedBundle, readStatements } from "../bundle/index.ts";
import { encode } from "../cbor/index.ts";
import { type Committee, type GatewayIndex, type Hash, OldCopy } from "../committee/index.ts";
import { bytesEqual } from "../crypto/index.ts";
import { type LaneMessage, laneMessageValue } from "../message/index.ts";
import { acknowledge, certify, KEPT_AHEAD, rewind } from "./certify.ts";
import { WINDOW_BUNDLES } from "./own.ts";
import { tipsFor } from "./repair.ts";
import { hold, isOwn, laneOf, persist, reject, send, setLane, silence, type Turn } from "./turn.ts";
import type { Candidate, Lane, Place, Verdict } from "./types.ts";

/** What is kept of a refused bundle as evidence. */
const MAX_EVIDENCE_BYTES = 64 * 1024;

/** L3, conditions that the bundle's own bytes decide. What passes waits for its parent and for re-assessment. */
export function onBundle(turn: Turn, from: GatewayIndex, cose: Uint8Array, bodies: readonly Uint8Array[]): void {
  const opened = openFrom(turn, from, cose, bodies);
  if (opened === null) return;
  const { owner } = opened;
  const { header, hash } = opened.bundle;
  const lane = laneOf(turn, owner);
  const { number } = header;
  const known = candidateAt(lane, number);
  if (known?.bundle.hash === hash || !isWanted(turn, owner, from, number)) return;
  // L6, L9: what a signer hands out below its certificate may be what was refused here, or the rival of it.
  const isOwed = number <= lane.settled.number && (lane.fetching?.from === from || isCertified(lane, number, hash));
  // L2: otherwise the first one counts, and what was refused stays refused.
  if ((known !== undefined || lane.refusedHashes.includes(hash)) && !isOwed) return;
  if (!opened.verify(owner, opened.signed, opened.signature))
    return reject(turn, from, `bundle ${number} of ${header.gateway}: the signature does not hold`);
  const statements = readStatements(header, opened.bundle.statements);
  if (typeof statements === "string") return refuse(turn, owner, { bundle: opened.bundle, statements: [] }, statements);
  const { checking, waiting } = laneOf(turn, owner);
  setLane(turn, owner, {
    // A certified rival replaces the candidate that was there first (L9).
    checking: checking?.bundle.header.number === number ? null : checking,
    waiting: new Map(waiting).set(number, { bundle: opened.bundle, statements }),
    movedAtMs: turn.nowMs,
  });
}

type Opened = Extract<OpenedBundle, { kind: "accept" }> & {
  readonly owner: GatewayIndex;
  /** By the keys of the configuration that it names (L12). */
  readonly verify: Committee["verify"];
};

/**
 * A bundle of a configuration of this site, under its owner's key. Null when it is not, which is its sender's fault; and when it is an own
 * one, of an epoch that has not begun here, or void (L12), which its sender may not know.
 */
export function openFrom(
  turn: Turn,
  from: GatewayIndex,
  cose: Uint8Array,
  bodies: readonly Uint8Array[],
): Opened | null {
  const { committee } = turn;
  const none = (fault: string): null => {
    reject(turn, from, `a bundle that is none of this site: ${fault}`);
    return null;
  };
  const opened = openBundle(cose, bodies);
  if (opened.kind === "reject") return none(opened.reason);
  const { site, gateway, epoch, configHash, number } = opened.bundle.header;
  if (site === committee.site && epoch > committee.epoch) return null;
  const owner = committee.names.indexOf(gateway);
  const era = committee.eras.get(epoch);
  if (owner === -1 || site !== committee.site || configHash !== era?.configHash)
    return none(`it is of ${gateway} in site ${site}, epoch ${epoch}`);
  if (!bytesEqual(opened.keyId, era.keyIds[owner] ?? new Uint8Array()))
    return none(`it names another key than ${gateway}'s`);
  if (isOwn(turn, owner)) return meetOwn(turn, opened);
  if (number > (era.ends[owner] ?? -1)) return null;
  return { ...opened, owner, verify: epoch === committee.epoch ? committee.verify : era.verify };
}

/** A9: an own bundle that is not on this disk was signed by a later life of this gateway. It must not sign any more. */
function meetOwn(turn: Turn, { bundle, signed, signature }: Extract<OpenedBundle, { kind: "accept" }>): null {
  const { committee } = turn;
  const { epoch, number } = bundle.header;
  const isMissing = epoch === committee.epoch && number >= laneOf(turn, committee.self).held;
  if (isMissing && committee.verify(committee.self, signed, signature)) throw new OldCopy(`own bundle ${number}`);
  return null;
}

/**
 * L5, L9: worth checking are bundles above what is held, as far ahead as an honest owner's window reaches; in a disputed
 * lane only those that were asked for.
 */
function isWanted(turn: Turn, owner: GatewayIndex, from: GatewayIndex, number: number): boolean {
  const lane = laneOf(turn, owner);
  if (lane.rewinding || number < lane.held || number >= lane.held + KEPT_AHEAD) return false;
  if (lane.held > lane.settled.number + KEPT_AHEAD) return false;
  return lane.held > lane.disputedUpTo || lane.fetching?.from === from;
}

function isCertified(lane: Lane, number: number, hash: Hash): boolean {
  return lane.settled.number === number && lane.settled.hash === hash;
}

function candidateAt(lane: Lane, number: number): Candidate | undefined {
  const first = lane.checking ?? lane.refused;
  return first?.bundle.header.number === number ? first : lane.waiting.get(number);
}

/** Starts the check of the candidate for the next number, when there is one and none is running. */
export function checkNext(turn: Turn, owner: GatewayIndex): void {
  const lane = laneOf(turn, owner);
  const candidate = lane.waiting.get(lane.held);
  if (candidate === undefined || lane.checking !== null || lane.rewinding) return;
  const waiting = new Map(lane.waiting);
  waiting.delete(lane.held);
  setLane(turn, owner, { waiting });
  if (isOnAnotherChain(lane, candidate)) return rewind(turn, owner);
  const fault = linkFault(lane, candidate);
  if (fault !== null) return refuse(turn, owner, candidate, fault);
  setLane(turn, owner, { checking: candidate });
  const { header, hash } = candidate.bundle;
  const { number, epoch } = header;
  turn.effects.push({ kind: "check", lane: owner, number, hash, epoch, statements: candidate.statements });
}

/** L9: a quorum certified this number, and what is held and what has come cannot both be what it certified. */
function isOnAnotherChain(lane: Lane, { bundle }: Candidate): boolean {
  if (lane.held > lane.settled.number) return false;
  const isRival = lane.settled.number === lane.held && lane.settled.hash !== bundle.hash;
  return isRival || bundle.header.parent !== lane.heldHash;
}

/** L3: what depends on the lane's prefix. */
function linkFault(lane: Lane, { bundle, statements }: Candidate): string | null {
  if (bundle.header.parent !== lane.heldHash) return `its parent is not bundle ${lane.held - 1} as held here`;
  if (bundle.header.first !== lane.nextStatement)
    return `it begins at statement ${bundle.header.first}, not ${lane.nextStatement}`;
  if (bundle.header.epoch < lane.epoch)
    return `it names epoch ${bundle.header.epoch}, but the one before ${lane.epoch}`;
  const [first] = statements;
  if (first !== undefined && first.measurement.at < lane.lastAtMs)
    return `statement ${first.number} is older than the one before it`;
  return null;
}

export function onChecked(turn: Turn, owner: GatewayIndex, number: number, hash: Hash, verdict: Verdict): void {
  const lane = laneOf(turn, owner);
  const candidate = lane.checking;
  if (candidate === null || number !== lane.held || candidate.bundle.hash !== hash) return;
  setLane(turn, owner, { checking: null });
  if (verdict.kind === "reject") return refuse(turn, owner, candidate, verdict.reason);
  hold(turn, owner, candidate.bundle, lastAtOf(candidate));
  if (!acknowledge(turn, owner, number, hash)) tellOwner(turn, owner);
  certify(turn, owner, number);
}

function lastAtOf({ bundle, statements }: Candidate): number {
  return statements.at(-1)?.measurement.at ?? bundle.header.created;
}

/** A copy that trails behind the certificate needs no ack, but its owner needs to know how far to go on sending. */
function tellOwner(turn: Turn, owner: GatewayIndex): void {
  const lane = laneOf(turn, owner);
  if (lane.fetching !== null) return;
  if (lane.held % (WINDOW_BUNDLES / 4) === 0 || lane.held > lane.settled.number)
    send(turn, owner, tipsFor(turn, owner, false));
}

/** L3: never ack; the refusal with its reason is kept, and its owner is told. */
function refuse(turn: Turn, owner: GatewayIndex, candidate: Candidate, reason: string): void {
  const { bundle } = candidate;
  const { hash, cose, statements } = bundle;
  const { number } = bundle.header;
  // As it came over the wire, so that it can be read again.
  const whole = encode(laneMessageValue({ kind: "bundle", cose, statements }));
  const evidence = whole.length > MAX_EVIDENCE_BYTES ? cose : whole;
  noteRefusal(turn, { lane: owner, number, hash }, turn.committee.self, reason, evidence, bundle);
  const { refusedHashes, held } = laneOf(turn, owner);
  setLane(turn, owner, { refusedHashes: [...refusedHashes, hash].slice(-KEPT_AHEAD) });
  send(turn, owner, { kind: "refusal", lane: owner, number, hash, reason });
  if (number === held) setLane(turn, owner, { refused: candidate });
}

function noteRefusal(
  turn: Turn,
  { lane, number, hash }: Place,
  by: GatewayIndex,
  reason: string,
  evidence: Uint8Array,
  bundle: Bundle | null,
): void {
  persist(turn, { kind: "refusal", lane, number, hash, by, reason, evidence, atMs: turn.nowMs });
  turn.effects.push({ kind: "refused", lane, number, by, reason, bundle });
}

/**
 * L8: a quorum of the others certified what this gateway refuses. It keeps the body, because the log will need it, but from
 * then on it acknowledges nothing in this lane: an ack vouches for all bundles below (L4).
 */
export function takeCertifiedByOthers(turn: Turn, owner: GatewayIndex): void {
  const lane = laneOf(turn, owner);
  const { refused, held, heldHash } = lane;
  if (refused === null || lane.checking !== null || lane.rewinding) return;
  const { number, parent } = refused.bundle.header;
  if (number !== held || !isBelowCertificate(lane, refused.bundle)) return;
  if (parent !== heldHash) return rewind(turn, owner);
  silence(turn, owner);
  hold(turn, owner, refused.bundle, lastAtOf(refused));
}

/** Whether the parents of what waits lead from the certified bundle down to this very one. */
function isBelowCertificate({ settled, waiting }: Lane, { header, hash }: Bundle): boolean {
  if (settled.number < header.number) return false;
  let at = settled.hash;
  for (let number = settled.number; number > header.number; number -= 1) {
    const above = waiting.get(number);
    if (above === undefined || above.bundle.hash !== at) return false;
    at = above.bundle.header.parent;
  }
  return at === hash;
}

export function onRefusal(turn: Turn, from: GatewayIndex, refusal: Extract<LaneMessage, { kind: "refusal" }>): void {
  const { lane, number, reason } = refusal;
  if (!isOwn(turn, lane)) return;
  const { held, settled, refusers } = laneOf(turn, lane);
  // Only what is on its way for a certificate can be refused; anything else would only push out genuine refusals.
  if (number >= held || number <= settled.number || number > settled.number + KEPT_AHEAD) return;
  const told = refusers.get(number) ?? new Set<GatewayIndex>();
  if (told.has(from)) return;
  setLane(turn, lane, { refusers: new Map(refusers).set(number, new Set([...told, from])) });
  noteRefusal(turn, refusal, from, reason, new Uint8Array(), null);
}
