/**
 * One gateway's share of the ledger: lanes, agreement, execution and checkpoints, tied to a store and to links. The rules
 * live in the cores; here effects are carried out in their order (A9). The same code runs in the gateway and in the simulator.
 */
import * as agreement from "../agreement/index.ts";
import {
  collectorsOf,
  type Committee,
  type GatewayIndex,
  hasVote,
  type Hash,
  invariant,
  isLarge,
  type Recipients,
} from "../committee/index.ts";
import { type Court, courtOf } from "../evidence/index.ts";
import * as lane from "../lane/index.ts";
import { leaderOf } from "../leaders/index.ts";
import type { Site } from "../management/index.ts";
import type { Execution, StoredBundle } from "../store/port.ts";
import { makeAccusations } from "./accusations.ts";
import { makeAlarm } from "./alarm.ts";
import { type Checkpoints, makeCheckpoints } from "./checkpoints.ts";
import { committeeOf, keysIn } from "./committee-of.ts";
import { makeConduct } from "./conduct.ts";
import { makeElsewhere } from "./elsewhere.ts";
import { startExecutor } from "./executor.ts";
import { Closed, LogDiverged } from "./failures.ts";
import { type Began, epochWrite, lineageIn, recoverHistory } from "./history.ts";
import { makeHomecoming } from "./homecoming.ts";
import { makeNotes } from "./notes.ts";
import { makeOutbox } from "./outbox.ts";
import { makeRepeats } from "./repeats.ts";
import { makeSealer, type Sealed } from "./sealer.ts";
import { resealed } from "./reseal.ts";
import { makeStreams } from "./streams.ts";
import { makeSuccessors, type Successors } from "./successors.ts";
import type { CutOff, Keys, Replica, ReplicaOptions, ReplicaStatus } from "./types.ts";
import { type AnyMessage, type CheckpointMessage, inEpoch, openMessage, sealMessage } from "./wire.ts";

const RECALL_BYTES = 4 * 1024 * 1024;
/** R4: sizes at which every gateway cosigns, because each crosses a multiple of this with the same block; a cosignature a block would cost as much as a vote. */
const LEAVES_A_CHECKPOINT = 64;
/** R4: or when the log has not grown for so long; and in a large committee so long until collectors are asked again. */
const QUIET_MS = 100;
const LARGE_QUIET_MS = 1_000;
/** R4: by then every collector is asked, some four minutes apart; a timer bears no more than 24 days. */
const MOST_DOUBLINGS = 8;
/** R12: how long a gateway that leaves is given to bring its last statements in, at least and at most. */
const LEAST_GRACE_MS = 500;
const MOST_GRACE_MS = 10_000;
const LOOK_MS = 100;

/** What is in force, and all that depends on it. */
type Epoch = {
  readonly site: Site;
  readonly committee: Committee;
  /** C6: null = this gateway only follows. */
  readonly keys: Keys | null;
  readonly checkpoints: Checkpoints;
  readonly successors: Successors;
};

/** Starts from what is on disk and goes on by the same rules. Call `linkUp` as links come up. */
export function startReplica(options: ReplicaOptions): Replica {
  const { self, store, recovered, events, open = openMessage } = options;
  let history = recoverHistory(recovered.epochs, options.site);
  const conduct = makeConduct({ gateways: self + 1, nowMs: options.steady, cutOff: onCutOff });
  let epoch = enter(recovered.successors);
  const elsewhere = makeElsewhere(options.steady);
  /** Peers whose link is up. */
  const linked = new Set<GatewayIndex>();
  /** A13: the block with which the epoch has ended in this turn. */
  let ended: agreement.Link | null = null;
  /** R13: own bundles that wait to be sealed anew. */
  let unsealed = recovered.unsealed;
  let isResealing = false;
  /** Of the own lane, after the last turn. */
  let ownLane = { able: false, final: -1 };
  const homecoming = makeHomecoming({
    hasSealed: recovered.lanes.some(({ lane: index, number }) => index === self && number >= 0),
    needed: () => epoch.committee.quorum - 1,
    after: options.after,
    alone: () => turn(() => undefined),
  });
  /** Bundles of each lane that are durable here. */
  const onDisk = new Map(recovered.lanes.map(({ lane: index, number }) => [index, number + 1]));
  const totals = { refusals: 0 };
  let halted: Error | null = null;
  let stopped = false;

  let lanes = lane.recoverLanes(
    epoch.committee,
    recovered.lanes,
    new Set(recovered.silentLanes),
    recovered.executed.tips,
  );
  let state = agreement.recoverState(
    epoch.committee,
    recovered,
    lanes.lanes.map(({ certificate }) => certificate),
  );
  let checkpoint: ReplicaStatus["checkpoint"] = null;
  let anchored = { size: 0, counts: recovered.anchoredCounts[self] ?? 0 };
  let finalCount = recovered.executedCounts[self] ?? 0;

  const repeats = makeRepeats();
  const outbox = makeOutbox(store, halt);
  const streams = makeStreams({
    store,
    gateways: () => epoch.committee.size,
    epoch: () => epoch.committee.epoch,
    epochAfter: (view) => history.findLast((began) => began.view <= view)?.approved.site.epoch ?? 0,
    send: transmit,
    queuedBytes: options.queuedBytes,
    after: options.after,
    // What was still to be read when the gateway stopped is nobody's failure.
    failed: (error) => (stopped ? undefined : halt(error)),
  });
  const executor = startExecutor({
    store,
    executed: recovered.executed,
    finalizedView: state.delivered.view,
    done: onExecuted,
    wanted: (index, upTo) => feedLanes({ kind: "wanted", lane: index, upTo, onDisk: onDisk.get(index) ?? 0 }),
    failed: halt,
  });
  const notes = makeNotes({
    sites: () => history.map(({ approved }) => approved.site),
    store,
    verifyCosignature: options.verifyCosignature,
    executed: executor.state,
    rootAt: (size) => epoch.checkpoints.rootAt(size),
    stands: onStandingNote,
    diverged: onDivergence,
    failed: halt,
  });
  const sealer = makeSealer({
    under: () => (canSeal() && epoch.keys !== null ? { site: epoch.site, keys: epoch.keys } : null),
    mayName,
    gateway: () => nameOf(self),
    now: options.now,
    after: options.after,
    laneEnd,
    awaitsFinality: () => laneEnd().number > ownFinal() + 1,
    seal: onSealed,
  });
  const accusations = makeAccusations({
    committee: () => epoch.committee,
    courtIn,
    store,
    recovered: recovered.evidence,
    write: outbox.write,
    behind: outbox.behind,
    send: (to, message) => sendBehind(to, { layer: "evidence", message }),
    rejected: conduct.rejected,
    told: events.evidence,
    turn,
    watch,
  });
  const alarm = makeAlarm(options.steady, options.after, onAlarm);

  function nameOf(index: GatewayIndex): string {
    return epoch.site.gateways[index]?.name ?? `gateway ${index}`;
  }

  // --- turns: inputs in, effects out, one flush ---------------------------------------------------------------------

  function turn(act: () => void): void {
    if (halted !== null || stopped) return;
    try {
      act();
      if (ended !== null) beginEpoch(ended);
      outbox.flush();
      alarm.set(earliest(lanes.wakeAtMs, agreement.wakeAtMs(state)));
      lookAtLane();
    } catch (error) {
      // R7: a broken invariant: this gateway is unsure, and a gateway that is unsure must not sign.
      halt(error instanceof Error ? error : new Error(String(error)));
    }
  }

  function feedLanes(input: lane.LaneInput): void {
    turn(() => stepLanes(input));
  }

  function stepLanes(input: lane.LaneInput): void {
    const next = lane.stepLanes(epoch.committee, lanes, input, options.steady());
    lanes = next.state;
    for (const effect of next.effects) carryOutLane(effect);
  }

  function stepAgreement(input: agreement.Input): void {
    const next = agreement.step(epoch.committee, state, input, options.steady());
    state = next.state;
    for (const effect of next.effects) carryOutAgreement(effect);
  }

  function onAlarm(): void {
    turn(() => {
      stepLanes({ kind: "wake" });
      stepAgreement({ kind: "wake" });
    });
  }

  function carryOutLane(effect: lane.LaneEffect): void {
    switch (effect.kind) {
      case "persist":
        // L4: what a restart has lost of certificates the peers tell again (L7).
        if (effect.write.kind === "laneCertificate") return outbox.writeSometime(effect.write);
        return outbox.write(effect.write);
      case "send":
        return sendBehind(effect.to, { layer: "lane", message: effect.message });
      case "stream":
        return outbox.behind(() => streams.bundles(effect));
      case "check":
        return check(effect);
      case "rewind":
        return outbox.behind(() => watch(rewind(effect.lane)));
      case "certified":
        return stepAgreement({ kind: "certified", certificate: effect.certificate });
      case "vouched":
      case "disowned":
        return stepAgreement(effect);
      case "held":
        return outbox.behind(() => {
          onDisk.set(effect.lane, effect.number + 1);
          executor.bodyHeld(effect.lane);
        });
      case "refused":
        totals.refusals += 1;
        if (effect.bundle !== null) accusations.refused(effect.lane, effect.bundle);
        return outbox.behind(() => events.refusal(effect));
      case "reject":
        return conduct.rejected(effect.from, effect.reason);
    }
  }

  function carryOutAgreement(effect: agreement.Effect): void {
    switch (effect.kind) {
      case "persist":
        if (effect.write.kind === "certificate") repeats.add(inEpoch(effect.write.bytes, epoch.committee.epoch));
        return outbox.write(effect.write);
      case "send":
        return sendBehind(effect.to, { layer: "agreement", message: effect.message });
      case "serveFinalized":
        return outbox.behind(() => streams.finalized(effect.to, effect.after));
      case "finalize":
        // Nobody sees an execution before it is on disk, and the store keeps the order of calls: one fsync serves both.
        outbox.handedOver(() => executor.push(effect.blocks.map(({ block }) => block)));
        return stepLanes({ kind: "final", tips: state.delivered.tips });
      case "offer":
        return sendBehind(effect.to, {
          layer: "lane",
          message: { kind: "laneCertificate", certificate: effect.certificate },
        });
      case "successorWanted":
        return epoch.successors.wanted(effect.hash);
      case "epochEnded":
        ended = effect.last;
        return;
      case "reject":
        return conduct.rejected(effect.from, effect.reason);
    }
  }

  function check({
    lane: owner,
    number,
    hash,
    epoch: named,
    statements,
  }: Extract<lane.LaneEffect, { kind: "check" }>): void {
    const { approved } = history.find((began) => began.approved.site.epoch === named) ?? {};
    invariant(approved !== undefined, `L12: a bundle of epoch ${named} is to be checked, which never began here`);
    options.validate(owner, statements, approved.site).then(
      (verdict) => feedLanes({ kind: "checked", lane: owner, number, hash, verdict }),
      (error: unknown) => halt(error instanceof Error ? error : new Error(String(error))),
    );
  }

  /** L9: back to where execution stands; those bundles are certified and final. */
  async function rewind(index: GatewayIndex): Promise<void> {
    const { committee } = epoch;
    const tip = executor.state().tips[index] ?? -1;
    // What is about to be replaced is half of the evidence against its owner.
    await readHeld(index, tip);
    const [bundle] = tip < 0 ? [] : await store.bundles(index, tip, 1);
    // When the next epoch has begun meanwhile, it has read the lane itself.
    if (committee === epoch.committee) feedLanes({ kind: "rewound", lane: index, end: lane.endOf(bundle ?? null) });
  }

  /** What a lane holds `above` that bundle: at most a window, or what a stalled site has gathered. */
  async function recall(index: GatewayIndex, above: number): Promise<void> {
    const { committee } = epoch;
    const { hashes, last } = await readHeld(index, above);
    if (committee === epoch.committee) feedLanes({ kind: "recalled", lane: index, hashes, end: lane.endOf(last) });
  }

  /** The hashes above a bundle, and the last one held, be it that one. */
  async function readHeld(
    index: GatewayIndex,
    above: number,
  ): Promise<{ readonly hashes: ReadonlyMap<number, string>; readonly last: StoredBundle | null }> {
    const hashes = new Map<number, string>();
    let last: StoredBundle | null = null;
    for (let at = Math.max(0, above); ; at = last.number + 1) {
      const bundles: readonly StoredBundle[] = await store.bundles(index, at, RECALL_BYTES);
      for (const { number, hash, cose } of bundles) {
        if (number <= above) continue;
        hashes.set(number, hash);
        turn(() => accusations.remember(cose));
      }
      if (bundles.length === 0) return { hashes, last };
      last = bundles.at(-1) as StoredBundle;
    }
  }

  function watch(work: Promise<void>): void {
    work.catch((error: unknown) => halt(error instanceof Error ? error : new Error(String(error))));
  }

  // --- sending and receiving ----------------------------------------------------------------------------------------

  function transmit(to: GatewayIndex, bytes: Uint8Array): void {
    if (!stopped && halted === null) options.send(to, bytes);
  }

  function sendBehind(to: Recipients, message: AnyMessage): void {
    const bytes = sealMessage(message, epoch.committee.epoch);
    const peers = typeof to === "number" ? [to] : to === "all" ? epoch.committee.voters : to;
    outbox.behind(() => {
      for (const peer of peers) if (peer !== self) transmit(peer, bytes);
    });
  }

  function receive(from: GatewayIndex, bytes: Uint8Array): void {
    if (halted !== null || stopped || !conduct.hears(from)) return;
    conduct.weigh(from, bytes.length, () => {
      if (repeats.has(bytes)) return false;
      const message = open(bytes);
      if (message.kind === "reject") {
        conduct.rejected(from, message.reason);
        return true;
      }
      const before = {
        lanes: lanes.lanes,
        rounds: state.rounds,
        blocks: state.blocks,
        proven: accusations.list().length,
      };
      const isHere = message.epoch === epoch.committee.epoch;
      turn(() => (isHere ? onMessage(from, message.opened) : onElsewhere(from, bytes, message.epoch, message.opened)));
      // Whatever moves a lane, a view or the chain of blocks, or proves an offence; told places and times of repair are no progress.
      const proven = accusations.list().length > before.proven;
      return proven || lanes.lanes !== before.lanes || state.rounds !== before.rounds || state.blocks !== before.blocks;
    });
  }

  function onMessage(from: GatewayIndex, opened: AnyMessage): void {
    // Who has left is owed nothing of this epoch.
    if (!hasVote(epoch.committee, from)) return;
    followRules(from, opened);
    accusations.observe(from, opened);
  }

  function followRules(from: GatewayIndex, { layer, message }: AnyMessage): void {
    switch (layer) {
      case "evidence":
        return;
      case "lane":
        stepLanes({ kind: "message", from, message });
        if (message.kind === "tips") homecoming.heard(from);
        return;
      case "agreement":
        // The lanes check each certificate once, and may learn from it; what they know, agreement need not check again (A4).
        if (message.kind === "propose") {
          for (const certificate of message.proposal.laneCertificates)
            stepLanes({ kind: "message", from, message: { kind: "laneCertificate", certificate } });
        }
        return stepAgreement({ kind: "message", from, message });
      case "checkpoint":
        return onCheckpointMessage(from, message);
      case "management":
        return message.kind === "epoch" ? undefined : epoch.successors.receive(from, message);
    }
  }

  /** R11: of a message of another epoch, what means the same in all of them. */
  function onElsewhere(from: GatewayIndex, bytes: Uint8Array, at: number, { layer, message }: AnyMessage): void {
    const here = epoch.committee.epoch;
    if (layer === "lane" && ["bundle", "bundles", "fetchBundles"].includes(message.kind))
      stepLanes({ kind: "message", from, message });
    else if (layer === "agreement" && message.kind === "fetch" && at < here)
      outbox.behind(() => streams.finalized(from, message.after));
    // What gateways cosign that are not known here yet will be told again.
    else if (layer === "checkpoint" && message.kind !== "cosignature" && at < here) onCheckpointMessage(from, message);
    else if (layer === "management" && (message.kind === "successor" || message.kind === "successorRequest"))
      epoch.successors.receive(from, message);
    else if (layer === "evidence" && message.kind === "evidence") accusations.observe(from, { layer, message });
    else if (at === here + 1) elsewhere.keep(from, bytes);
    const guide = at > here ? elsewhere.sawAhead(from, at, here) : null;
    if (guide !== null) askChain(guide);
    if (at < here && elsewhere.mayTell(from)) sendBehind(from, { layer: "management", message: { kind: "epoch" } });
  }

  function askChain(peer: GatewayIndex): void {
    sendBehind(peer, { layer: "agreement", message: { kind: "fetch", after: state.delivered.view } });
  }

  /** R8: behind the turn that found it out, because closing a link is an input of the next one. */
  function onCutOff(peer: GatewayIndex, cutOff: CutOff): void {
    queueMicrotask(() => {
      if (halted !== null || stopped) return;
      linkDown(peer);
      events.cutOff(peer, cutOff);
    });
  }

  function linkUp(peer: GatewayIndex): void {
    linked.add(peer);
    conduct.grow(peer + 1);
    if (conduct.hears(peer)) turn(() => greet(peer));
  }

  /** What a peer must hear first on a new link, and in a new epoch. */
  function greet(peer: GatewayIndex): void {
    if (!hasVote(epoch.committee, peer)) return sendBehind(peer, { layer: "management", message: { kind: "epoch" } });
    stepLanes({ kind: "linkUp", peer });
    stepAgreement({ kind: "linkUp", peer });
    epoch.successors.linkUp(peer);
    for (const message of standing.values()) sendBehind(peer, { layer: "checkpoint", message });
    accusations.linkUp(peer);
  }

  function linkDown(peer: GatewayIndex): void {
    linked.delete(peer);
    if (lanes.copies[peer] !== undefined) feedLanes({ kind: "linkDown", peer });
  }

  // --- epochs -------------------------------------------------------------------------------------------------------

  /** Everything that depends on the last configuration of `history`. */
  function enter(stored: Uint8Array | null): Epoch {
    const { site } = (history.at(-1) as Began).approved;
    const keys = keysIn(options, site);
    conduct.grow(site.gateways.length);
    const committee = conduct.counting(committeeOf(options, history));
    const cosignWith = (message: Uint8Array): Uint8Array => {
      invariant(keys !== null, "C6: whoever only follows cosigns nothing");
      return keys.cosign(message);
    };
    return {
      site,
      keys,
      committee,
      checkpoints: makeCheckpoints(site, committee, cosignWith, options.verifyCosignature),
      successors: makeSuccessors({
        lineage: lineageIn(history),
        self,
        sign: keys?.sign ?? null,
        verify: options.verify === undefined ? undefined : verifyIn,
        stored,
        known: options.known ?? [],
        send: (to, message) => sendBehind(to, { layer: "management", message }),
        write: (write) => outbox.write(write),
        onApproved,
        reject: conduct.rejected,
        nowMs: options.steady,
      }),
    };
  }

  /** E3: one for each configuration that was ever in force. */
  function courtIn(number: number): Court | null {
    const { site } = history.find(({ approved }) => approved.site.epoch === number)?.approved ?? {};
    if (site === undefined) return null;
    const { verify, verifyCosignature, falsehood } = options;
    return courtOf(site, (index, statement) => falsehood?.(index, statement, site) ?? null, {
      verify: verify && ((...check) => verify(...check, site)),
      verifyCosignature: verifyCosignature && ((...check) => verifyCosignature(...check, site)),
    });
  }

  function verifyIn(site: Site, signer: GatewayIndex, message: Uint8Array, signature: Uint8Array): boolean {
    return options.verify?.(signer, message, signature, site) ?? false;
  }

  /** A13: in the very commit that makes the last block of the epoch before final. */
  function beginEpoch(last: agreement.Link): void {
    ended = null;
    const approved = last.block.next === null ? undefined : epoch.successors.approved(last.block.next);
    invariant(approved !== undefined, "A13: an epoch has ended for a configuration that is not here");
    const before = lanes;
    const size = approved.site.gateways.length;
    const start = Array.from({ length: size }, (_, index) => last.block.tips[index] ?? lane.NOTHING);
    history = [...history, { approved, view: last.block.view, start }];
    epoch = enter(null);
    const { committee } = epoch;
    // Before anything is sent to those who join.
    outbox.behind(() => events.configured?.(lineageIn(history)));
    accusations.beginEpoch();
    const ends = committee.eras.get(committee.epoch - 1)?.ends ?? [];
    const closed = [...ends.keys()].filter((index) => ends[index] !== Number.POSITIVE_INFINITY);
    if (closed.includes(self))
      unsealed += Math.max(0, (before.lanes[self]?.held ?? 0) - 1 - (start[self]?.number ?? -1));
    if (history.length === 2) outbox.write(epochWrite(history.slice(0, 1), [], self));
    outbox.forgetSometime();
    outbox.write(epochWrite(history, closed, self));
    lanes = lane.beginEpoch(committee, before, start);
    state = agreement.beginEpoch(committee, state, last);
    for (const [index, { rewinding }] of lanes.lanes.entries()) {
      const above = start[index]?.number ?? -1;
      // L12: what was certified and is not in the cut has left no hash behind.
      if (rewinding || (before.lanes[index]?.settled.number ?? -1) > above)
        outbox.behind(() => watch(recall(index, above)));
      else stepLanes({ kind: "recalled", lane: index, hashes: new Map(), end: lane.endOf(null) });
    }
    const { size: logSize, root } = executor.state();
    if (logSize > 0) cosign(logSize, root);
    adoptApproved();
    for (const peer of linked) greet(peer);
    const guide = elsewhere.guideFrom(committee.epoch);
    if (guide !== null) askChain(guide);
    const kept = elsewhere.take();
    queueMicrotask(() => {
      for (const { from, bytes } of kept) receive(from, bytes);
    });
  }

  /** What the store kept or SITE.json knows beforehand. */
  function adoptApproved(): void {
    for (const { site, approved } of epoch.successors.pending()) if (approved) onApproved(site.configHash);
  }

  /** R12: known here, so that it may be voted for; and proposed, when those whom it removes have had time to finish. */
  function onApproved(hash: Hash): void {
    stepAgreement({ kind: "approved", hash, propose: false });
    proposeWhenDrained(hash, epoch.committee, options.steady());
  }

  function proposeWhenDrained(hash: Hash, committee: Committee, sinceMs: number): void {
    const successor = epoch.successors.approved(hash);
    if (committee !== epoch.committee || successor === undefined) return;
    const leavers = committee.voters.filter((index) => successor.site.gateways[index]?.left);
    const waitedMs = options.steady() - sinceMs;
    const isDrained = leavers.every((index) => {
      const { held, settled } = lanes.lanes[index] ?? { held: 0, settled: lane.NOTHING };
      return held - 1 <= settled.number && settled.number <= (state.delivered.tips[index]?.number ?? -1);
    });
    const isTime = leavers.length === 0 || waitedMs >= MOST_GRACE_MS || (isDrained && waitedMs >= LEAST_GRACE_MS);
    if (isTime) turn(() => stepAgreement({ kind: "approved", hash, propose: true }));
    else options.after(LOOK_MS, () => proposeWhenDrained(hash, committee, sinceMs));
  }

  /** R12: what an operator wants, in a turn of its own. */
  function decided(act: () => string | null): string | null {
    let answer: string | null = "this gateway has stopped.";
    turn(() => {
      answer = act();
    });
    return answer;
  }

  // --- the own lane -------------------------------------------------------------------------------------------------

  /** L12: the own lane is here up to where the own key begins, and nothing of it waits to be sealed anew. */
  function canSeal(): boolean {
    return unsealed === 0 && isLaneReady() && homecoming.isOver();
  }

  /** L12. */
  function mayName({ epoch: number, configHash }: Site): boolean {
    const era = epoch.committee.eras.get(number);
    const isOpen = era?.configHash === configHash && era.ends[self] === Number.POSITIVE_INFINITY;
    return isOpen && number >= (lanes.lanes[self]?.epoch ?? 0);
  }

  function isLaneReady(): boolean {
    const own = lanes.lanes[self];
    const { member, ownFrom } = epoch.committee;
    return member && own !== undefined && !own.rewinding && own.held >= ownFrom;
  }

  /** R13: after every turn, because many things can make the own lane ready. */
  function lookAtLane(): void {
    if (unsealed > 0 && !isResealing && isLaneReady()) watch(resealNext());
    const before = ownLane;
    ownLane = { able: canSeal(), final: ownFinal() };
    if ((ownLane.able && !before.able) || ownLane.final > before.final) sealer.lookAgain();
  }

  /** Number of the newest final bundle of the own lane; -1 = none. */
  function ownFinal(): number {
    return state.delivered.tips[self]?.number ?? -1;
  }

  /** R13: the same statements under the same numbers, with the present key. */
  async function resealNext(): Promise<void> {
    isResealing = true;
    const [oldest] = await store.unsealed(1);
    isResealing = false;
    turn(() => {
      if (!isLaneReady() || epoch.keys === null) return;
      invariant(oldest !== undefined, "the statements that wait to be sealed anew are not on disk");
      const sealed = resealed(oldest, laneEnd(), nameOf(self), epoch.site, epoch.keys, options.now());
      unsealed -= 1;
      stepLanes({ kind: "sealed", ...sealed, writes: [{ kind: "resealed", first: oldest.first }] });
    });
  }

  /** R12, R13: why nothing can be accepted. */
  function closed(): string | null {
    const own = epoch.site.gateways[self];
    if (own?.left) return "this gateway has left the site";
    if (!epoch.committee.member)
      return `this gateway has no vote in epoch ${epoch.committee.epoch} of the site, and is catching up or waits to be taken in`;
    if (epoch.successors.pending().some(({ site, approved }) => approved && site.gateways[self]?.left))
      return "this gateway is leaving the site";
    return isLaneReady()
      ? null
      : "the statements that this gateway made before it lost its disk are being fetched from its peers";
  }

  function laneEnd() {
    const own = lanes.lanes[self] ?? lane.endOf(null);
    return { number: own.held, parent: own.heldHash, nextStatement: own.nextStatement, lastAtMs: own.lastAtMs };
  }

  function onSealed({ bundle, lastAtMs, writes, accepted }: Sealed): void {
    turn(() => {
      // Promise 1: accepted means signed and on disk; the answer waits behind the very commit.
      stepLanes({ kind: "sealed", bundle, lastAtMs, writes });
      outbox.behind(accepted);
    });
  }

  // --- execution, checkpoints, anchors ------------------------------------------------------------------------------

  /** The newest checkpoint and anchors, told to every peer that comes back. */
  const standing = new Map<string, CheckpointMessage>();

  function onExecuted(execution: Extract<Execution, { kind: "executed" }>): void {
    turn(() => {
      const { size, root } = execution.state;
      for (const { lane: owner, first, count } of execution.bundles) if (owner === self) finalCount = first + count;
      stepAgreement({ kind: "executed", size, root });
      outbox.behind(() => events.executed(execution));
      if (execution.bundles.length === 0) return;
      const before = size - execution.bundles.length;
      const leaves = Math.max(LEAVES_A_CHECKPOINT, epoch.committee.voters.length / 4);
      if (Math.floor(size / leaves) > Math.floor(before / leaves)) cosign(size, root);
      else cosignWhenQuiet(size, root);
      notes.grown();
    });
  }

  /** R4: between the sizes that all cosign, a log is cosigned where it comes to rest. */
  function cosignWhenQuiet(size: number, root: string): void {
    options.after(isLarge(epoch.committee) ? LARGE_QUIET_MS : QUIET_MS, () => {
      if (executor.state().size === size) turn(() => cosign(size, root));
    });
  }

  /** R4: told to all, and again to whoever comes back, until a quorum has made it a checkpoint. */
  function cosign(size: number, root: string): void {
    if (epoch.keys === null) return;
    const note = epoch.checkpoints.cosignExecuted(size, root, Math.floor(options.now() / 1000));
    const message = { kind: "cosignature", size, note } as const;
    standing.set("own cosignature", message);
    if (isLarge(epoch.committee)) tellCollectors(message, 0);
    else sendBehind("all", { layer: "checkpoint", message });
    collect(size);
  }

  /** R4, A14: again to twice as many, until there is a checkpoint of that size or a reason for a higher one. */
  function tellCollectors(message: Extract<CheckpointMessage, { kind: "cosignature" }>, attempt: number): void {
    sendBehind(collectorsOf(epoch.committee, "checkpoint", message.size, attempt), { layer: "checkpoint", message });
    options.after(LARGE_QUIET_MS * 2 ** Math.min(attempt, MOST_DOUBLINGS), () => {
      const stands = (checkpoint?.size ?? 0) >= message.size || standing.get("own cosignature") !== message;
      if (!stands) turn(() => tellCollectors(message, attempt + 1));
    });
  }

  function onCheckpointMessage(from: GatewayIndex, message: CheckpointMessage): void {
    switch (message.kind) {
      case "cosignature": {
        const added = epoch.checkpoints.add(from, message.note);
        if (added.kind === "reject") return conduct.rejected(from, added.reason);
        return added.kind === "accept" ? collect(added.size) : undefined;
      }
      case "checkpoint":
      case "anchor": {
        const fault = notes.offer(message.kind === "anchor" ? message.ledger : null, message.note);
        return fault === null ? undefined : conduct.rejected(from, fault);
      }
    }
  }

  function collect(size: number): void {
    const divergence = epoch.checkpoints.divergence(size);
    if (divergence !== null) return onDivergence(divergence.size, divergence.theirs);
    const taken = epoch.checkpoints.take(size);
    // Every signature in it was checked on the way in, and the root is the own one.
    if (taken === null) return;
    // A14: of a large committee nobody else has the cosignatures.
    if (isLarge(epoch.committee))
      sendBehind("all", { layer: "checkpoint", message: { kind: "checkpoint", note: taken.note } });
    onStandingNote(null, taken.size, taken.root, taken.note);
  }

  function onStandingNote(ledger: string | null, size: number, root: string, note: string): void {
    if (ledger !== null) return onAnchored(ledger, size, note);
    if (checkpoint !== null && size <= checkpoint.size) return;
    turn(() => {
      checkpoint = { size, root };
      standing.set("", { kind: "checkpoint", note });
      outbox.write({ kind: "checkpoint", size, root, note });
      outbox.behind(() => events.checkpoint({ size, root, note }));
      stepAgreement({ kind: "checkpoint", size, root });
    });
  }

  function onAnchored(ledger: string, size: number, note: string): void {
    turn(() => {
      const message = { kind: "anchor", ledger, note } as const;
      standing.set(ledger, message);
      outbox.write({ kind: "anchor", ledger, size, note });
      sendBehind("all", { layer: "checkpoint", message });
      outbox.behind(() => watch(tellAnchored(ledger, size)));
    });
  }

  async function tellAnchored(ledger: string, size: number): Promise<void> {
    const counts = await store.countsAt(size);
    if (size > anchored.size) anchored = { size, counts: counts.lanes[self] ?? 0 };
    events.anchored({ ledger, size });
  }

  function onDivergence(size: number, theirs: string): void {
    const ours = epoch.checkpoints.rootAt(size) ?? executor.state().root;
    halt(new LogDiverged(size, ours, theirs));
  }

  // --- life ---------------------------------------------------------------------------------------------------------

  function halt(error: Error): void {
    if (halted !== null) return;
    halted = error;
    outbox.discard();
    alarm.set(null);
    sealer.fail(error);
    events.halted(error);
  }

  function status(): ReplicaStatus {
    const { root, size, statements, tips } = executor.state();
    return {
      epoch: epoch.committee.epoch,
      successors: epoch.successors.pending(),
      unsealed,
      view: state.view,
      finalizedView: state.delivered.view,
      leader: nameOf(leaderOf(epoch.committee, state.seeds, state.view)),
      seed: state.delivered.seed,
      lanes: lanes.lanes.map((one, index) => ({
        gateway: nameOf(index),
        held: one.held,
        certified: one.settled.number + 1,
        finalized: (state.delivered.tips[index]?.number ?? -1) + 1,
        executed: (tips[index] ?? -1) + 1,
      })),
      log: { size, root, statements },
      checkpoint,
      anchoredSize: anchored.size,
      counts: { accepted: laneEnd().nextStatement, final: finalCount, anchored: anchored.counts },
      refusals: totals.refusals,
      conduct: conduct.list(),
      queues: { accept: sealer.waiting(), commits: outbox.waiting(), blocks: executor.waiting() },
      viewsNullified: state.viewsNullified,
      halted: halted === null ? null : halted.message,
    };
  }

  // What was known before the restart is judged and told again; clocks start when there is something to order.
  if (recovered.checkpoint !== null) notes.offer(null, recovered.checkpoint.note);
  for (const { ledger, note } of recovered.anchors) notes.offer(ledger, note);
  for (const [index, { rewinding }] of lanes.lanes.entries())
    if (rewinding) watch(recall(index, recovered.executed.tips[index] ?? -1));
  turn(() => {
    outbox.behind(() => events.configured?.(lineageIn(history)));
    const { size, root } = recovered.executed;
    stepLanes({ kind: "final", tips: state.delivered.tips });
    if (size > 0) {
      stepAgreement({ kind: "executed", size, root });
      cosign(size, root);
    }
    adoptApproved();
    stepAgreement({ kind: "wake" });
  });

  return {
    receive,
    linkUp,
    linkDown,
    misbehaved: conduct.rejected,
    accept: (draft) => {
      const why = closed();
      return why === null ? sealer.accept(draft) : Promise.reject(new Closed(why));
    },
    closed,
    propose: (site) => decided(() => epoch.successors.propose(site)),
    approve: (hash) => decided(() => epoch.successors.approve(hash)),
    lineage: () => lineageIn(history),
    anchored: (ledger, _size, note) => {
      const fault = notes.offer(ledger, note);
      invariant(fault === null, `an anchor that does not hold: ${fault}`);
    },
    status,
    evidence: accusations.list,
    inspect: () => ({ lanes, agreement: state }),
    stop: async () => {
      sealer.stop(new Error("the gateway is stopping; this measurement was not accepted"));
      if (halted === null) outbox.flush();
      stopped = true;
      alarm.set(null);
      await outbox.settled();
    },
  };
}

function earliest(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
}
