/** The core of the lanes: pure, one input at a time. Rules L1 to L6 are in README.md. */
import type { Committee, GatewayIndex, Hash } from "../committee/index.ts";
import { invariant } from "../committee/index.ts";
import { decodeStatement, type Statement } from "../statement/index.ts";
import { type Bundle, type BundleHeader, openBundle } from "./bundle.ts";
import { type Ack, ackBytes, acksNeeded, encodeLaneCertificate, type LaneCertificate, laneCertificateHolds } from "./certificate.ts";
import type { Candidate, Copy, Lane, LaneEffect, LaneInput, LaneMessage, Lanes, Verdict } from "./types.ts";

/** L5: uncertified bundles in flight; also how far a peer's copy is fed ahead of what it acknowledged. */
export const WINDOW_BUNDLES = 64;
/** Acks and candidates further ahead than this of what is held are not kept; a `tips` exchange brings them back. */
const KEPT_AHEAD = 2 * WINDOW_BUNDLES;
/** After so long without movement the state of the lanes is told again, in case something was lost. */
const STANDSTILL_MS = 500;
/** What is kept of a refused bundle as evidence. */
const MAX_EVIDENCE_BYTES = 64 * 1024;
export const NO_HASH: Hash = "0".repeat(64);

type Turn = { readonly committee: Committee; readonly nowMs: number; state: Lanes; readonly effects: LaneEffect[] };

export function stepLanes(committee: Committee, state: Lanes, input: LaneInput, nowMs: number): { readonly state: Lanes; readonly effects: readonly LaneEffect[] } {
  const turn: Turn = { committee, nowMs, state, effects: [] };
  onInput(turn, input);
  keepWatch(turn);
  return { state: turn.state, effects: turn.effects };
}

function onInput(turn: Turn, input: LaneInput): void {
  switch (input.kind) {
    case "message":
      return onMessage(turn, input.from, input.message);
    case "sealed":
      return onSealed(turn, input.bundle, input.writes);
    case "checked":
      return onChecked(turn, input.lane, input.number, input.hash, input.verdict);
    case "wanted":
      return fetchBodies(turn, input.lane);
    case "linkUp":
      return onLinkUp(turn, input.peer);
    case "linkDown":
      return setCopy(turn, input.peer, { sent: null });
    case "wake":
      return onWake(turn);
  }
}

function onMessage(turn: Turn, from: GatewayIndex, message: LaneMessage): void {
  switch (message.kind) {
    case "bundle":
      return onBundle(turn, from, message.cose, message.statements);
    case "ack":
      return onAck(turn, from, message.ack);
    case "laneCertificate":
      return onCertificate(turn, from, message.certificate);
    case "tips":
      return onTips(turn, from, message);
    case "fetchBundles":
      return onFetchBundles(turn, from, message.lane, message.from);
    case "refusal":
      return onRefusal(turn, from, message);
  }
}

// --- state -----------------------------------------------------------------------------------------------------------

function laneOf(turn: Turn, lane: GatewayIndex): Lane {
  const found = turn.state.lanes[lane];
  invariant(found !== undefined, `no lane ${lane}`);
  return found;
}

function setLane(turn: Turn, lane: GatewayIndex, change: Partial<Lane>): void {
  const lanes = turn.state.lanes.map((old, index) => (index === lane ? { ...old, ...change } : old));
  turn.state = { ...turn.state, lanes };
}

function setCopy(turn: Turn, peer: GatewayIndex, change: Partial<Copy>): void {
  const old = turn.state.copies.get(peer) ?? { held: 0, sent: null };
  turn.state = { ...turn.state, copies: new Map(turn.state.copies).set(peer, { ...old, ...change }) };
}

function moved(turn: Turn): void {
  turn.state = { ...turn.state, movedAtMs: turn.nowMs };
}

function send(turn: Turn, to: "all" | GatewayIndex, message: LaneMessage): void {
  turn.effects.push({ kind: "send", to, message });
}

function certifiedNumber(lane: Lane): number {
  return lane.certificate === null ? -1 : lane.certificate.number;
}

// --- the own lane ----------------------------------------------------------------------------------------------------

/** L2: persist, then send. `writes` become durable with the bundle: what the statements answer for. */
function onSealed(turn: Turn, bundle: Bundle, writes: Extract<LaneInput, { kind: "sealed" }>["writes"]): void {
  const { self } = turn.committee;
  const lane = laneOf(turn, self);
  const { number, parent } = bundle.header;
  invariant(number === lane.held && parent === lane.heldHash, `L2: bundle ${number} does not follow ${lane.held - 1}`);
  hold(turn, self, bundle);
  for (const write of writes) turn.effects.push({ kind: "persist", write });
  const message = { kind: "bundle", cose: bundle.cose, statements: bundle.statements } as const;
  for (const [peer, copy] of turn.state.copies) {
    if (copy.sent !== number || number > lastSendable(turn, copy)) continue;
    send(turn, peer, message);
    setCopy(turn, peer, { sent: number + 1 });
  }
  certify(turn, self, number);
}

/** L5: the highest bundle of the own lane that may be on its way to a peer. */
function lastSendable(turn: Turn, copy: Copy): number {
  const lane = laneOf(turn, turn.committee.self);
  return Math.min(lane.held - 1, certifiedNumber(lane) + WINDOW_BUNDLES, copy.held - 1 + WINDOW_BUNDLES);
}

/** L5: what the window had held back, or a returned peer has missed, goes out from the durable outbox: the store. */
function feed(turn: Turn, peer: GatewayIndex): void {
  const copy = turn.state.copies.get(peer);
  if (copy === undefined || copy.sent === null) return;
  const last = lastSendable(turn, copy);
  if (copy.sent > last) return;
  turn.effects.push({ kind: "stream", to: peer, lane: turn.committee.self, from: copy.sent, upTo: last });
  setCopy(turn, peer, { sent: last + 1 });
}

function feedAll(turn: Turn): void {
  for (const peer of turn.state.copies.keys()) feed(turn, peer);
}

// --- receiving bundles -----------------------------------------------------------------------------------------------

/** L3, conditions that the bundle's own bytes decide. What passes waits for its parent and for re-assessment. */
function onBundle(turn: Turn, from: GatewayIndex, cose: Uint8Array, bodies: readonly Uint8Array[]): void {
  const opened = openBundle(cose, bodies);
  if (opened.kind === "reject") return reject(turn, from, `a bundle that does not parse: ${opened.reason}`);
  const { header, hash } = opened.bundle;
  const { committee } = turn;
  const owner = committee.names.indexOf(header.gateway);
  if (owner === -1 || header.site !== committee.site || header.epoch !== committee.epoch || header.configHash !== committee.configHash) {
    return reject(turn, from, `a bundle of ${header.gateway} in site ${header.site}, epoch ${header.epoch}, which is not this configuration`);
  }
  if (owner === committee.self) return;
  const lane = laneOf(turn, owner);
  const known = candidateAt(lane, header.number);
  if (header.number < lane.held || header.number >= lane.held + KEPT_AHEAD || known?.bundle.hash === hash) return;
  if (!committee.verify(owner, opened.signed, opened.signature)) return reject(turn, from, `bundle ${header.number} of ${header.gateway}: the signature does not hold`);
  if (known !== undefined && known.bundle.root !== opened.bundle.root) return accuseOwner(turn, owner, known.bundle, opened.bundle);
  const statements = readStatements(header, opened.bundle.statements);
  if (typeof statements === "string") return refuse(turn, owner, { bundle: opened.bundle, statements: [] }, statements);
  moved(turn);
  setLane(turn, owner, { waiting: new Map(lane.waiting).set(header.number, { bundle: opened.bundle, statements }) });
  checkNext(turn, owner);
}

function candidateAt(lane: Lane, number: number): Candidate | undefined {
  const first = lane.checking ?? lane.refused?.candidate;
  return first?.bundle.header.number === number ? first : lane.waiting.get(number);
}

function accuseOwner(turn: Turn, owner: GatewayIndex, first: Bundle, second: Bundle): void {
  const about = `bundle ${first.header.number}`;
  turn.effects.push({ kind: "accuse", fault: "equivocating-owner", gateway: owner, about, proofs: [first.cose, second.cose] });
}

/** L3: strict decode, contiguous numbers, time order inside the bundle. A text is the reason for refusal. */
function readStatements(header: BundleHeader, bodies: readonly Uint8Array[]): readonly Statement[] | string {
  const statements: Statement[] = [];
  for (const [offset, body] of bodies.entries()) {
    const decoded = decodeStatement(body);
    if (decoded.kind === "reject") return `statement ${header.first + offset}: ${decoded.reason}`;
    const { statement } = decoded;
    if (statement.number !== header.first + offset) return `statement ${header.first + offset} says that it is number ${statement.number}`;
    const before = statements.at(-1);
    if (before !== undefined && statement.measurement.at < before.measurement.at) return `statement ${statement.number} is older than the one before it`;
    if (statement.measurement.at > header.created) return `statement ${statement.number} is younger than its bundle`;
    statements.push(statement);
  }
  return statements;
}

/** Starts the check of the candidate for the next number, when there is one and none is running. */
function checkNext(turn: Turn, owner: GatewayIndex): void {
  const lane = laneOf(turn, owner);
  const candidate = lane.waiting.get(lane.held);
  if (candidate === undefined || lane.checking !== null) return;
  const waiting = new Map(lane.waiting);
  waiting.delete(lane.held);
  setLane(turn, owner, { waiting });
  const fault = linkFault(lane, candidate);
  if (fault !== null) return refuse(turn, owner, candidate, fault);
  setLane(turn, owner, { checking: candidate });
  const { header, hash } = candidate.bundle;
  turn.effects.push({ kind: "check", lane: owner, number: header.number, hash, statements: candidate.statements });
}

/** L3: what depends on the lane's prefix. */
function linkFault(lane: Lane, { bundle, statements }: Candidate): string | null {
  if (bundle.header.parent !== lane.heldHash) return `its parent is not bundle ${lane.held - 1} as held here`;
  if (bundle.header.first !== lane.nextStatement) return `it begins at statement ${bundle.header.first}, not ${lane.nextStatement}`;
  const [first] = statements;
  if (first !== undefined && first.measurement.at < lane.lastAtMs) return `statement ${first.number} is older than the one before it`;
  return null;
}

function onChecked(turn: Turn, owner: GatewayIndex, number: number, hash: Hash, verdict: Verdict): void {
  const lane = laneOf(turn, owner);
  const candidate = lane.checking;
  if (candidate === null || number !== lane.held || candidate.bundle.hash !== hash) return;
  setLane(turn, owner, { checking: null });
  if (verdict.kind === "reject") return refuse(turn, owner, candidate, verdict.reason);
  hold(turn, owner, candidate.bundle, candidate.statements);
  acknowledge(turn, owner, number, hash);
  certify(turn, owner, number);
  onward(turn, owner);
}

/** The body is persisted here; whoever speaks of it afterwards does so behind this write. */
function hold(turn: Turn, owner: GatewayIndex, bundle: Bundle, statements: readonly Statement[] = []): void {
  const { header, hash, cose } = bundle;
  const { number, first, count } = header;
  turn.effects.push({ kind: "persist", write: { kind: "bundle", lane: owner, number, hash, cose, statements: bundle.statements, first } });
  turn.effects.push({ kind: "held", lane: owner, number });
  const last = statements.at(-1);
  setLane(turn, owner, { held: number + 1, heldHash: hash, nextStatement: first + count, lastAtMs: last === undefined ? header.created : last.measurement.at });
}

/** L3: broadcast Ack, unless silent. */
function acknowledge(turn: Turn, owner: GatewayIndex, number: number, hash: Hash): void {
  const { committee } = turn;
  if (laneOf(turn, owner).silent || number <= certifiedNumber(laneOf(turn, owner))) return tellOwner(turn, owner);
  const ack: Ack = { lane: owner, number, hash, voter: committee.self, signature: committee.sign(ackBytes(committee, owner, number, hash)) };
  countAck(turn, ack);
  send(turn, "all", { kind: "ack", ack });
}

/** A copy that trails behind the certificate needs no ack, but its owner needs to know how far to go on sending. */
function tellOwner(turn: Turn, owner: GatewayIndex): void {
  const lane = laneOf(turn, owner);
  if (lane.held % (WINDOW_BUNDLES / 4) === 0 || lane.held > certifiedNumber(lane)) send(turn, owner, tipsOf(turn, false));
}

/** After a body has come in: check the next one, or fetch more of a lane that is being fetched. */
function onward(turn: Turn, owner: GatewayIndex): void {
  moved(turn);
  const lane = laneOf(turn, owner);
  if (lane.fetching !== null && lane.held > lane.fetching.upTo) {
    setLane(turn, owner, { fetching: null });
    if (lane.held <= certifiedNumber(lane)) fetchBodies(turn, owner);
  }
  checkNext(turn, owner);
}

/** L3: never ack; the refusal with its reason is kept, and its owner is told. */
function refuse(turn: Turn, owner: GatewayIndex, candidate: Candidate, reason: string): void {
  const { header, hash, cose } = candidate.bundle;
  const evidence = evidenceOf(candidate.bundle);
  const { self } = turn.committee;
  turn.effects.push({
    kind: "persist",
    write: { kind: "refusal", lane: owner, number: header.number, hash, by: self, reason, evidence: evidence.length > MAX_EVIDENCE_BYTES ? cose : evidence, atMs: turn.nowMs },
  });
  turn.effects.push({ kind: "refused", lane: owner, number: header.number, by: self, reason });
  send(turn, owner, { kind: "refusal", lane: owner, number: header.number, hash, reason });
  if (header.number === laneOf(turn, owner).held) setLane(turn, owner, { refused: { candidate, reason } });
  takeCertifiedByOthers(turn, owner);
}

function evidenceOf(bundle: Bundle): Uint8Array {
  const parts = [bundle.cose, ...bundle.statements];
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/**
 * A quorum of the others certified what this gateway refuses. It keeps the body, because the log will need it, but from
 * then on it acknowledges nothing in this lane: an ack vouches for all bundles below (L4).
 */
function takeCertifiedByOthers(turn: Turn, owner: GatewayIndex): void {
  const { refused, certificate, held } = laneOf(turn, owner);
  if (refused === null || certificate === null) return;
  const { bundle, statements } = refused.candidate;
  if (certificate.number !== held || certificate.hash !== bundle.hash || bundle.header.number !== held) return;
  turn.effects.push({ kind: "persist", write: { kind: "memo", key: silentKey(owner), bytes: new Uint8Array([1]) } });
  setLane(turn, owner, { refused: null, silent: true });
  hold(turn, owner, bundle, statements);
  onward(turn, owner);
}

/** Under this key the store remembers that this gateway gives no more acks in a lane. */
export function silentKey(lane: GatewayIndex): string {
  return `lane/${lane}/silent`;
}

function onRefusal(turn: Turn, from: GatewayIndex, { lane, number, hash, reason }: Extract<LaneMessage, { kind: "refusal" }>): void {
  if (lane !== turn.committee.self || number >= laneOf(turn, lane).held) return;
  turn.effects.push({ kind: "persist", write: { kind: "refusal", lane, number, hash, by: from, reason, evidence: new Uint8Array(), atMs: turn.nowMs } });
  turn.effects.push({ kind: "refused", lane, number, by: from, reason });
}

// --- acks and certificates -------------------------------------------------------------------------------------------

function onAck(turn: Turn, from: GatewayIndex, ack: Ack): void {
  const { committee } = turn;
  if (ack.lane >= committee.size || ack.voter >= committee.size || ack.voter === ack.lane || ack.voter === committee.self) return reject(turn, from, "an ack of nobody, or of an owner for itself");
  const lane = laneOf(turn, ack.lane);
  const fresh = ack.number > certifiedNumber(lane) && ack.number < lane.held + KEPT_AHEAD && !sameAck(lane.acks.get(ack.number)?.get(ack.voter), ack);
  const tells = ack.lane === committee.self && ack.voter === from && ack.number >= (turn.state.copies.get(from)?.held ?? 0);
  if (!fresh && !tells) return;
  if (!committee.verify(ack.voter, ackBytes(committee, ack.lane, ack.number, ack.hash), ack.signature)) return reject(turn, from, `an ack of gateway ${ack.voter} whose signature does not hold`);
  if (fresh) countAck(turn, ack);
  // L4: who acknowledges number k holds 0..k.
  if (tells && ack.number < lane.held) setCopy(turn, from, { held: ack.number + 1 });
  if (fresh) certify(turn, ack.lane, ack.number);
  if (tells) feed(turn, from);
}

function sameAck(known: Ack | undefined, ack: Ack): boolean {
  return known !== undefined && known.hash === ack.hash;
}

/** The first ack of a voter for a number counts; a different second one is evidence. */
function countAck(turn: Turn, ack: Ack): void {
  const lane = laneOf(turn, ack.lane);
  const votes = lane.acks.get(ack.number) ?? new Map<GatewayIndex, Ack>();
  const earlier = votes.get(ack.voter);
  if (earlier !== undefined) {
    const proofs = [earlier, ack].map((one) => ackBytes(turn.committee, one.lane, one.number, one.hash));
    turn.effects.push({ kind: "accuse", fault: "equivocating-acker", gateway: ack.voter, about: `bundle ${ack.number} of lane ${ack.lane}`, proofs: [...proofs, earlier.signature, ack.signature] });
    return;
  }
  moved(turn);
  setLane(turn, ack.lane, { acks: new Map(lane.acks).set(ack.number, new Map(votes).set(ack.voter, ack)) });
}

/** L4: q acks, the owner's own signature counted. */
function certify(turn: Turn, lane: GatewayIndex, number: number): void {
  const { acks, held, heldHash } = laneOf(turn, lane);
  const votes = [...(acks.get(number)?.values() ?? [])];
  // A committee of one needs nobody's ack: its own bundle is the certificate.
  const hashes = new Set(votes.map((ack) => ack.hash));
  if (lane === turn.committee.self && number === held - 1) hashes.add(heldHash);
  for (const hash of hashes) {
    const agreeing = votes.filter((ack) => ack.hash === hash);
    if (agreeing.length < acksNeeded(turn.committee)) continue;
    acceptCertificate(turn, { lane, number, hash, acks: agreeing.map(({ voter, signature }) => ({ voter, signature })) });
  }
}

function onCertificate(turn: Turn, from: GatewayIndex, certificate: LaneCertificate): void {
  if (certificate.lane >= turn.committee.size) return reject(turn, from, `a certificate of lane ${certificate.lane}, which does not exist`);
  if (certificate.number <= certifiedNumber(laneOf(turn, certificate.lane))) return;
  if (!laneCertificateHolds(turn.committee, certificate)) return reject(turn, from, `a certificate of lane ${certificate.lane} that does not hold`);
  acceptCertificate(turn, certificate);
}

function acceptCertificate(turn: Turn, certificate: LaneCertificate): void {
  const { lane, number } = certificate;
  if (number <= certifiedNumber(laneOf(turn, lane))) return;
  const acks = new Map([...laneOf(turn, lane).acks].filter(([at]) => at > number));
  setLane(turn, lane, { certificate, acks });
  moved(turn);
  turn.effects.push({ kind: "persist", write: { kind: "laneCertificate", lane, number, bytes: encodeLaneCertificate(certificate) } });
  turn.effects.push({ kind: "certified", certificate });
  if (lane === turn.committee.self) feedAll(turn);
  else takeCertifiedByOthers(turn, lane);
}

// --- repair ----------------------------------------------------------------------------------------------------------

function tipsOf(turn: Turn, again: boolean): LaneMessage {
  const { lanes } = turn.state;
  return { kind: "tips", again, held: lanes.map((lane) => lane.held), certificates: lanes.flatMap(({ certificate }) => (certificate === null ? [] : [certificate])) };
}

function onLinkUp(turn: Turn, peer: GatewayIndex): void {
  setCopy(turn, peer, { sent: null });
  send(turn, peer, tipsOf(turn, true));
}

/** Feeds the own lane from where the peer's copy ends, and repeats own acks and certificates that the peer lacks. */
function onTips(turn: Turn, from: GatewayIndex, { again, held, certificates }: Extract<LaneMessage, { kind: "tips" }>): void {
  const { committee } = turn;
  if (held.length !== committee.size) return reject(turn, from, `tips of ${held.length} lanes, the site has ${committee.size}`);
  for (const certificate of certificates) onCertificate(turn, from, certificate);
  const own = laneOf(turn, committee.self);
  const copied = Math.min(held[committee.self] ?? 0, own.held);
  const sent = turn.state.copies.get(from)?.sent ?? null;
  setCopy(turn, from, { held: copied, sent: again || sent === null ? copied : Math.max(sent, copied) });
  feed(turn, from);
  if (!again) return;
  send(turn, from, tipsOf(turn, false));
  for (const [lane, { certificate, acks }] of turn.state.lanes.entries()) {
    const theirs = certificates.find((other) => other.lane === lane)?.number ?? -1;
    if (certificate !== null && certificate.number > theirs) send(turn, from, { kind: "laneCertificate", certificate });
    for (const votes of acks.values()) {
      const ack = votes.get(committee.self);
      if (ack !== undefined && ack.number > theirs) send(turn, from, { kind: "ack", ack });
    }
  }
}

/** L6: asked from those who certified it, one request of a window's size at a time. */
function fetchBodies(turn: Turn, owner: GatewayIndex): void {
  const lane = laneOf(turn, owner);
  const { certificate, held } = lane;
  if (certificate === null || held > certificate.number || owner === turn.committee.self) return;
  if (lane.fetching !== null && turn.nowMs - lane.fetching.askedAtMs < STANDSTILL_MS) return;
  const signers = [owner, ...certificate.acks.map(({ voter }) => voter)].filter((voter) => voter !== turn.committee.self);
  const attempt = lane.fetching === null ? 0 : lane.fetching.attempt + 1;
  const peer = signers[(attempt + turn.committee.self) % signers.length];
  invariant(peer !== undefined, "a certificate without signers");
  setLane(turn, owner, { fetching: { upTo: Math.min(certificate.number, held + WINDOW_BUNDLES - 1), askedAtMs: turn.nowMs, attempt } });
  send(turn, peer, { kind: "fetchBundles", lane: owner, from: held });
}

function onFetchBundles(turn: Turn, from: GatewayIndex, lane: GatewayIndex, start: number): void {
  if (lane >= turn.committee.size) return reject(turn, from, `a fetch of lane ${lane}, which does not exist`);
  const { held } = laneOf(turn, lane);
  if (start >= held) return;
  turn.effects.push({ kind: "stream", to: from, lane, from: start, upTo: Math.min(held, start + WINDOW_BUNDLES) - 1 });
}

function isUnsettled(state: Lanes): boolean {
  return state.lanes.some((lane) => lane.held !== certifiedNumber(lane) + 1);
}

/** While some lane is uncertified or lacks bodies, a standstill makes the gateway speak up. */
function keepWatch(turn: Turn): void {
  const wakeAtMs = isUnsettled(turn.state) && turn.committee.size > 1 ? turn.state.movedAtMs + STANDSTILL_MS : null;
  if (wakeAtMs !== turn.state.wakeAtMs) turn.state = { ...turn.state, wakeAtMs };
}

function onWake(turn: Turn): void {
  if (turn.state.wakeAtMs === null || turn.nowMs < turn.state.wakeAtMs) return;
  moved(turn);
  // What was sent may be lost: each copy's own word tells where to go on.
  for (const peer of turn.state.copies.keys()) setCopy(turn, peer, { sent: null });
  send(turn, "all", tipsOf(turn, true));
  for (const lane of turn.state.lanes.keys()) fetchBodies(turn, lane);
}

function reject(turn: Turn, from: GatewayIndex, reason: string): void {
  turn.effects.push({ kind: "reject", from, reason });
}
