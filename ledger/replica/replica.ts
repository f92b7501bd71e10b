/**
 * One gateway's share of the ledger: lanes, agreement, execution and checkpoints, tied to a store and to links. The rules
 * live in the cores; here effects are carried out in their order (A9). The same code runs in the gateway and in the simulator.
 */
import * as agreement from "../agreement/index.ts";
import { collectorsOf, type GatewayIndex, invariant, isLarge, type Recipients } from "../committee/index.ts";
import { courtOf } from "../evidence/index.ts";
import * as lane from "../lane/index.ts";
import type { Execution } from "../store/port.ts";
import { makeAccusations } from "./accusations.ts";
import { makeAlarm } from "./alarm.ts";
import { makeCheckpoints } from "./checkpoints.ts";
import { committeeOf } from "./committee-of.ts";
import { makeConduct } from "./conduct.ts";
import { startExecutor } from "./executor.ts";
import { LogDiverged } from "./failures.ts";
import { makeNotes } from "./notes.ts";
import { makeOutbox } from "./outbox.ts";
import { makeRepeats } from "./repeats.ts";
import { makeSealer, type Sealed } from "./sealer.ts";
import { makeStreams } from "./streams.ts";
import type { CutOff, Replica, ReplicaOptions, ReplicaStatus } from "./types.ts";
import { type AnyMessage, type CheckpointMessage, openMessage, sealMessage } from "./wire.ts";

const RECALL_BYTES = 4 * 1024 * 1024;
/** R4: sizes at which every gateway cosigns, because each crosses a multiple of this with the same block; a cosignature a block would cost as much as a vote. */
const LEAVES_A_CHECKPOINT = 64;
/** R4: or when the log has not grown for so long; and in a large committee so long until collectors are asked again. */
const QUIET_MS = 100;
const LARGE_QUIET_MS = 1_000;

/** Starts from what is on disk and goes on by the same rules. Call `linkUp` as links come up. */
export function startReplica(options: ReplicaOptions): Replica {
  const { site, self, store, recovered, keys, events, open = openMessage } = options;
  const conduct = makeConduct({ gateways: site.gateways.length, nowMs: options.steady, cutOff: onCutOff });
  const committee = conduct.counting(committeeOf(options));
  const checkpoints = makeCheckpoints(site, committee, keys.cosign, options.verifyCosignature);
  /** Bundles of each lane that are durable here. */
  const onDisk = new Map(recovered.lanes.map(({ lane: index, number }) => [index, number + 1]));
  const totals = { refusals: 0 };
  let halted: Error | null = null;
  let stopped = false;

  let lanes = lane.recoverLanes(committee, recovered.lanes, new Set(recovered.silentLanes), recovered.executed.tips);
  let state = agreement.recoverState(
    committee,
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
    gateways: site.gateways.length,
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
    site,
    committee,
    store,
    verifyCosignature: options.verifyCosignature,
    executed: executor.state,
    rootAt: checkpoints.rootAt,
    stands: onStandingNote,
    diverged: onDivergence,
    failed: halt,
  });
  const sealer = makeSealer({
    site,
    gateway: nameOf(self),
    keys,
    now: options.now,
    after: options.after,
    laneEnd,
    awaitsCertificate: () => laneEnd().number > (lanes.lanes[self]?.settled.number ?? -1) + 1,
    seal: onSealed,
  });
  const { verify } = committee;
  const { verifyCosignature, falsehood = () => null } = options;
  const accusations = makeAccusations({
    committee,
    court: courtOf(site, falsehood, { verify, verifyCosignature }),
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
    return site.gateways[index]?.name ?? `gateway ${index}`;
  }

  // --- turns: inputs in, effects out, one flush ---------------------------------------------------------------------

  function turn(act: () => void): void {
    if (halted !== null || stopped) return;
    try {
      act();
      outbox.flush();
      alarm.set(earliest(lanes.wakeAtMs, agreement.wakeAtMs(state)));
    } catch (error) {
      // R7: a broken invariant: this gateway is unsure, and a gateway that is unsure must not sign.
      halt(error instanceof Error ? error : new Error(String(error)));
    }
  }

  function feedLanes(input: lane.LaneInput): void {
    turn(() => stepLanes(input));
  }

  function stepLanes(input: lane.LaneInput): void {
    const next = lane.stepLanes(committee, lanes, input, options.steady());
    lanes = next.state;
    for (const effect of next.effects) carryOutLane(effect);
  }

  function stepAgreement(input: agreement.Input): void {
    const next = agreement.step(committee, state, input, options.steady());
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
        if (effect.certificate.lane === self) sealer.certified();
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
        if (effect.write.kind === "certificate") repeats.add(effect.write.bytes);
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
        return;
      case "epochEnded":
        throw new Error("a configuration was agreed on that was never approved here");
      case "reject":
        return conduct.rejected(effect.from, effect.reason);
    }
  }

  function check({ lane: owner, number, hash, statements }: Extract<lane.LaneEffect, { kind: "check" }>): void {
    options.validate(owner, statements).then(
      (verdict) => feedLanes({ kind: "checked", lane: owner, number, hash, verdict }),
      (error: unknown) => halt(error instanceof Error ? error : new Error(String(error))),
    );
  }

  /** L9: back to where execution stands; those bundles are certified and final. */
  async function rewind(index: GatewayIndex): Promise<void> {
    const tip = executor.state().tips[index] ?? -1;
    // What is about to be replaced is half of the evidence against its owner.
    await readHeld(index, tip + 1);
    const [bundle] = tip < 0 ? [] : await store.bundles(index, tip, 1);
    feedLanes({ kind: "rewound", lane: index, end: lane.endOf(bundle ?? null) });
  }

  /** What a lane holds above execution, read back after a restart: at most a window, or what a stalled site has gathered. */
  async function recall(index: GatewayIndex): Promise<void> {
    const hashes = await readHeld(index, (recovered.executed.tips[index] ?? -1) + 1);
    feedLanes({ kind: "recalled", lane: index, hashes });
  }

  async function readHeld(index: GatewayIndex, from: number): Promise<ReadonlyMap<number, string>> {
    const hashes = new Map<number, string>();
    for (let at = from; ; ) {
      const bundles = await store.bundles(index, at, RECALL_BYTES);
      for (const { number, hash, cose } of bundles) {
        hashes.set(number, hash);
        turn(() => accusations.remember(cose));
      }
      const last = bundles.at(-1);
      if (last === undefined) return hashes;
      at = last.number + 1;
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
    const bytes = sealMessage(message);
    const peers = typeof to === "number" ? [to] : to === "all" ? site.gateways.keys() : to;
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
      turn(() => onMessage(from, message.opened));
      // Whatever moves a lane, a view or the chain of blocks, or proves an offence; told places and times of repair are no progress.
      const proven = accusations.list().length > before.proven;
      return proven || lanes.lanes !== before.lanes || state.rounds !== before.rounds || state.blocks !== before.blocks;
    });
  }

  function onMessage(from: GatewayIndex, opened: AnyMessage): void {
    followRules(from, opened);
    accusations.observe(from, opened);
  }

  function followRules(from: GatewayIndex, { layer, message }: AnyMessage): void {
    switch (layer) {
      case "evidence":
        return;
      case "lane":
        return stepLanes({ kind: "message", from, message });
      case "agreement":
        // The lanes check each certificate once, and may learn from it; what they know, agreement need not check again (A4).
        if (message.kind === "propose") {
          for (const certificate of message.proposal.laneCertificates)
            stepLanes({ kind: "message", from, message: { kind: "laneCertificate", certificate } });
        }
        return stepAgreement({ kind: "message", from, message });
      case "checkpoint":
        return onCheckpointMessage(from, message);
    }
  }

  /** R8: behind the turn that found it out, because closing a link is an input of the next one. */
  function onCutOff(peer: GatewayIndex, cutOff: CutOff): void {
    queueMicrotask(() => {
      if (halted !== null || stopped) return;
      feedLanes({ kind: "linkDown", peer });
      events.cutOff(peer, cutOff);
    });
  }

  function linkUp(peer: GatewayIndex): void {
    if (!conduct.hears(peer)) return;
    turn(() => {
      stepLanes({ kind: "linkUp", peer });
      stepAgreement({ kind: "linkUp", peer });
      for (const message of standing.values()) sendBehind(peer, { layer: "checkpoint", message });
      accusations.linkUp(peer);
    });
  }

  // --- the own lane -------------------------------------------------------------------------------------------------

  function laneEnd() {
    const own = lanes.lanes[self];
    invariant(own !== undefined, "the own lane is missing");
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
      const leaves = Math.max(LEAVES_A_CHECKPOINT, committee.voters.length / 4);
      if (Math.floor(size / leaves) > Math.floor(before / leaves)) cosign(size, root);
      else cosignWhenQuiet(size, root);
      notes.grown();
    });
  }

  /** R4: between the sizes that all cosign, a log is cosigned where it comes to rest. */
  function cosignWhenQuiet(size: number, root: string): void {
    options.after(isLarge(committee) ? LARGE_QUIET_MS : QUIET_MS, () => {
      if (executor.state().size === size) turn(() => cosign(size, root));
    });
  }

  /** R4: told to all, and again to whoever comes back, until a quorum has made it a checkpoint. */
  function cosign(size: number, root: string): void {
    const note = checkpoints.cosignExecuted(size, root, Math.floor(options.now() / 1000));
    const message = { kind: "cosignature", size, note } as const;
    standing.set("own cosignature", message);
    if (isLarge(committee)) tellCollectors(message, 0);
    else sendBehind("all", { layer: "checkpoint", message });
    collect(size);
  }

  /** R4, A14: again to twice as many, until there is a checkpoint of that size or a reason for a higher one. */
  function tellCollectors(message: Extract<CheckpointMessage, { kind: "cosignature" }>, attempt: number): void {
    sendBehind(collectorsOf(committee, "checkpoint", message.size, attempt), { layer: "checkpoint", message });
    options.after(LARGE_QUIET_MS * 2 ** attempt, () => {
      const stands = (checkpoint?.size ?? 0) >= message.size || standing.get("own cosignature") !== message;
      if (!stands) turn(() => tellCollectors(message, attempt + 1));
    });
  }

  function onCheckpointMessage(from: GatewayIndex, message: CheckpointMessage): void {
    switch (message.kind) {
      case "cosignature": {
        const added = checkpoints.add(from, message.note);
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
    const divergence = checkpoints.divergence(size);
    if (divergence !== null) return onDivergence(divergence.size, divergence.theirs);
    const taken = checkpoints.take(size);
    // Every signature in it was checked on the way in, and the root is the own one.
    if (taken === null) return;
    // A14: of a large committee nobody else has the cosignatures.
    if (isLarge(committee))
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
    const ours = checkpoints.rootAt(size) ?? executor.state().root;
    halt(new LogDiverged(size, ours, theirs));
  }

  // --- life ---------------------------------------------------------------------------------------------------------

  function halt(error: Error): void {
    if (halted !== null) return;
    halted = error;
    outbox.discard();
    alarm.set(null);
    sealer.stop(error);
    events.halted(error);
  }

  function status(): ReplicaStatus {
    const { root, size, statements, tips } = executor.state();
    return {
      view: state.view,
      finalizedView: state.delivered.view,
      leader: nameOf(agreement.leaderOf(committee, state.seeds, state.view)),
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
  for (const [index, { rewinding }] of lanes.lanes.entries()) if (rewinding) watch(recall(index));
  turn(() => {
    const { size, root } = recovered.executed;
    stepLanes({ kind: "final", tips: state.delivered.tips });
    if (size > 0) {
      stepAgreement({ kind: "executed", size, root });
      cosign(size, root);
    }
    stepAgreement({ kind: "wake" });
  });

  return {
    receive,
    linkUp,
    linkDown: (peer) => feedLanes({ kind: "linkDown", peer }),
    misbehaved: conduct.rejected,
    accept: sealer.accept,
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
