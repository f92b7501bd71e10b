import { bornBy, frameOf, isTooLong } from "./frame.ts";
import { defaultHostTiming, type Early, type HostDevice, type HostEffect, type HostInput } from "./host-types.ts";
import type { HostState, HostTiming, KnownDevice, NodeState, Session, Step } from "./host-types.ts";
import { mappingOf } from "./mapping.ts";
import { type Payload, readPayload } from "./payload.ts";
import { nodeKey, type NodeName, parseTopic } from "./topic.ts";

/** SP13: more than this many messages ahead of a gap, and the gap will not be filled. */
const MOST_EARLY = 64;
const SEQUENCE = 256;
const BDSEQ = "bdSeq";

/** Throws RangeError on settings that `mappingOf` refuses: the configuration was not checked. */
export function startHost(devices: readonly HostDevice[], timing: HostTiming = defaultHostTiming): HostState {
  const nodes = new Map<string, NodeState>();
  for (const { id, address, settings } of devices) {
    const mapping = mappingOf(settings);
    if (typeof mapping === "string") throw new RangeError(`device ${id}: ${mapping}`);
    const { group, node, device } = address;
    const key = nodeKey(address);
    const known = nodes.get(key) ?? { name: { group, node }, devices: [], session: null, askedAtMs: null };
    nodes.set(key, { ...known, devices: [...known.devices, { id, device, mapping, born: null }] });
  }
  return { timing, nodes, graceUntilMs: null };
}

/** The host application's side of Sparkplug, as a pure step (SP11 to SP14). */
export function stepHost(state: HostState, input: HostInput): Step {
  switch (input.kind) {
    case "connected":
      return woken({ ...state, graceUntilMs: input.atMs + state.timing.graceMs }, []);
    case "disconnected":
      return onDisconnected(state, input.reason);
    case "gone":
      return onGone(state, input.node);
    case "message":
      return onMessage(state, input);
    case "tick":
      return onTick(state, input.atMs);
  }
}

type NodeStep = { readonly node: NodeState; readonly effects: readonly HostEffect[] };
type Message = Extract<HostInput, { kind: "message" }>;

function woken(state: HostState, effects: readonly HostEffect[]): Step {
  const gaps = [...state.nodes.values()].flatMap(({ session }) =>
    session?.gapSinceMs === null || session === null ? [] : [session.gapSinceMs + state.timing.reorderMs],
  );
  const times = state.graceUntilMs === null ? gaps : [...gaps, state.graceUntilMs];
  return { state, effects, wakeAtMs: times.length === 0 ? null : Math.min(...times) };
}

/** SP12: who is not heard of any more may have died meanwhile. */
function onDisconnected(state: HostState, reason: string): Step {
  const effects: HostEffect[] = [];
  const nodes = new Map<string, NodeState>();
  for (const [key, node] of state.nodes) {
    const dead = died(node, reason);
    nodes.set(key, dead.node);
    effects.push(...dead.effects);
  }
  return woken({ ...state, nodes, graceUntilMs: null }, effects);
}

function onGone(state: HostState, name: NodeName): Step {
  const node = state.nodes.get(nodeKey(name));
  if (node === undefined || node.session === null) return woken(state, []);
  const dead = died(node, `${nameOf(node)} has left without a word`);
  return woken({ ...state, nodes: new Map(state.nodes).set(nodeKey(name), dead.node) }, dead.effects);
}

function onTick(state: HostState, atMs: number): Step {
  const isOver = state.graceUntilMs !== null && atMs >= state.graceUntilMs;
  const effects: HostEffect[] = [];
  const nodes = new Map<string, NodeState>();
  for (const [key, node] of state.nodes) {
    const gapSince = node.session?.gapSinceMs ?? null;
    const late = gapSince !== null && atMs - gapSince >= state.timing.reorderMs;
    let step: NodeStep = late ? passGap(node, state.timing, atMs) : { node, effects: [] };
    if (isOver && step.node.session === null) step = asked(step, state.timing, atMs);
    nodes.set(key, step.node);
    effects.push(...step.effects);
  }
  return woken({ ...state, nodes, graceUntilMs: isOver ? null : state.graceUntilMs }, effects);
}

function onMessage(state: HostState, { topic, payload: bytes, atMs }: Message): Step {
  const parsed = parseTopic(topic);
  const node = parsed === null ? undefined : state.nodes.get(nodeKey(parsed));
  if (parsed === null || node === undefined) return woken(state, []);
  const { type, device } = parsed;
  const payload = readPayload(bytes);
  const step =
    typeof payload === "string"
      ? { node, effects: refusals(node, device, bytes, payload) }
      : onPayload(node, { type, device, bytes, payload }, state.timing, atMs);
  return woken({ ...state, nodes: new Map(state.nodes).set(nodeKey(parsed), step.node) }, step.effects);
}

type Read = {
  readonly type: Early["type"];
  readonly device: string | null;
  readonly bytes: Uint8Array;
  readonly payload: Payload;
};

function onPayload(node: NodeState, read: Read, timing: HostTiming, atMs: number): NodeStep {
  if (read.type === "NBIRTH") return onBirth(node, read);
  if (read.type === "NDEATH") return onDeath(node, read.payload);
  const { session } = node;
  // SP14: somebody speaks whose birth was missed.
  if (session === null) return asked({ node, effects: [] }, timing, atMs);
  const { seq } = read.payload;
  if (seq === null) {
    const refused = refusals(node, read.device, read.bytes, "the message has no sequence number");
    return asked({ node, effects: refused }, timing, atMs);
  }
  if (seq !== session.next) return onEarly(node, session, { ...read, seq, payload: read.bytes }, timing, atMs);
  return drained(inTurn(node, session, read, timing, atMs), timing, atMs);
}

/** SP11: an NBIRTH begins a session, whatever was before; its devices follow with births of their own. */
function onBirth(node: NodeState, { payload, bytes }: Read): NodeStep {
  if (payload.seq === null) return { node, effects: refusals(node, null, bytes, "the NBIRTH has no sequence number") };
  const effects: HostEffect[] = [];
  const devices = node.devices.map((known): KnownDevice => {
    if (known.device !== null) {
      if (known.born !== null) effects.push({ kind: "stale", device: known.id, reason: null });
      return { ...known, born: null };
    }
    effects.push({ kind: "born", device: known.id });
    return { ...known, born: bornBy(payload, known.mapping) };
  });
  const session: Session = { bdSeq: bdSeqOf(payload), next: after(payload.seq), early: [], gapSinceMs: null };
  return { node: { ...node, devices, session, askedAtMs: null }, effects };
}

/** SP11: the will of an earlier connection may come after the birth of the next one. */
function onDeath(node: NodeState, payload: Payload): NodeStep {
  const bdSeq = bdSeqOf(payload);
  const ours = node.session?.bdSeq ?? null;
  if (node.session === null || (bdSeq !== null && ours !== null && bdSeq !== ours)) return { node, effects: [] };
  return died(node, `${nameOf(node)} has died (NDEATH)`);
}

function died(node: NodeState, reason: string): NodeStep {
  const effects = node.devices.map(({ id }): HostEffect => ({ kind: "stale", device: id, reason }));
  const devices = node.devices.map((known) => ({ ...known, born: null }));
  return { node: { ...node, devices, session: null, askedAtMs: null }, effects };
}

/** SP13: kept until its turn, or until the gap has lasted too long. */
function onEarly(node: NodeState, session: Session, early: Early, timing: HostTiming, atMs: number): NodeStep {
  const held = [...session.early.filter(({ seq }) => seq !== early.seq), early];
  const gapSinceMs = session.gapSinceMs ?? atMs;
  const waiting = { ...node, session: { ...session, early: held, gapSinceMs } };
  return held.length > MOST_EARLY ? passGap(waiting, timing, atMs) : { node: waiting, effects: [] };
}

/** SP13: takes what was waiting for its turn. */
function drained(step: NodeStep, timing: HostTiming, atMs: number): NodeStep {
  let { node } = step;
  const effects = [...step.effects];
  for (;;) {
    const { session } = node;
    const turn = session?.early.find(({ seq }) => seq === session.next);
    if (session === null || turn === undefined) break;
    const next = inTurn(node, session, readAgain(turn), timing, atMs);
    node = next.node;
    effects.push(...next.effects);
  }
  const { session } = node;
  if (session === null || session.gapSinceMs === null || session.early.length > 0) return { node, effects };
  return { node: { ...node, session: { ...session, gapSinceMs: null } }, effects };
}

/**
 * SP13: what is missing will not come. What came after it counts where it is whole; what it left unchanged is not known any
 * more, so nothing is carried over the gap, and the edge node is asked to say everything anew.
 */
function passGap(node: NodeState, timing: HostTiming, atMs: number): NodeStep {
  const { session } = node;
  if (session === null) return { node, effects: [] };
  const forgetful = node.devices.map((known) =>
    known.born === null ? known : { ...known, born: { ...known.born, last: new Map() } },
  );
  let step: NodeStep = { node: { ...node, devices: forgetful }, effects: [] };
  const order = session.early.toSorted((a, b) => distance(session.next, a.seq) - distance(session.next, b.seq));
  for (const early of order) {
    const now = step.node.session;
    if (now === null) break;
    const next = inTurn(step.node, { ...now, next: early.seq }, readAgain(early), timing, atMs);
    step = { node: next.node, effects: [...step.effects, ...next.effects] };
  }
  const passed = step.node.session;
  const whole = passed === null ? null : { ...passed, early: [], gapSinceMs: null };
  return asked({ node: { ...step.node, session: whole }, effects: step.effects }, timing, atMs);
}

/** One message of a device, or of the node's own metrics, in its turn. */
function inTurn(node: NodeState, session: Session, read: Read, timing: HostTiming, atMs: number): NodeStep {
  const seq = session.next;
  const early = session.early.filter((one) => one.seq !== seq);
  const moved: NodeState = { ...node, session: { ...session, next: after(seq), early } };
  const known = node.devices.find(({ device }) => device === read.device);
  // A device that nobody registered takes its place in the sequence and says nothing to us.
  if (known === undefined) return { node: moved, effects: [] };
  switch (read.type) {
    case "DBIRTH":
      return {
        node: withDevice(moved, { ...known, born: bornBy(read.payload, known.mapping) }),
        effects: [{ kind: "born", device: known.id }],
      };
    case "DDEATH":
      return {
        node: withDevice(moved, { ...known, born: null }),
        effects: [{ kind: "stale", device: known.id, reason: `${nameOf(node)}/${read.device} has died (DDEATH)` }],
      };
    case "NDATA":
    case "DDATA":
      return onData(moved, known, read, timing, atMs);
    case "NBIRTH":
    case "NDEATH":
      return { node: moved, effects: [] };
  }
}

function onData(
  node: NodeState,
  known: KnownDevice,
  { payload, bytes }: Read,
  timing: HostTiming,
  atMs: number,
): NodeStep {
  // SP14: data of a device whose birth was missed.
  if (known.born === null) return asked({ node, effects: [] }, timing, atMs);
  const { born, frame, unknown } = frameOf(known.born, known.mapping, payload, bytes);
  const effects: HostEffect[] = [];
  if (frame === null) effects.push({ kind: "heard", device: known.id });
  else if (isTooLong(frame)) {
    const reason = `the payload with the names it needs has ${frame.length} bytes, and 512 can be kept: publish fewer metrics at once, use aliases`;
    effects.push({ kind: "refused", device: known.id, bytes: frame, reason });
  } else effects.push({ kind: "frame", device: known.id, frame });
  const step = { node: withDevice(node, { ...known, born }), effects };
  return unknown === null ? step : asked(step, timing, atMs);
}

/** SP14: at most once in a while; an edge node that does not obey is not flooded. */
function asked({ node, effects }: NodeStep, { rebirthMs }: HostTiming, atMs: number): NodeStep {
  if (node.askedAtMs !== null && atMs - node.askedAtMs < rebirthMs) return { node, effects };
  return { node: { ...node, askedAtMs: atMs }, effects: [...effects, { kind: "rebirth", to: node.name }] };
}

function refusals(node: NodeState, device: string | null, bytes: Uint8Array, reason: string): readonly HostEffect[] {
  return node.devices
    .filter((known) => known.device === device || device === null)
    .map(({ id }) => ({ kind: "refused", device: id, bytes, reason }));
}

/** What was held had been read before. */
function readAgain({ type, device, payload: bytes }: Early): Read {
  const payload = readPayload(bytes);
  if (typeof payload === "string") throw new Error(`a payload that was read is unreadable now: ${payload}`);
  return { type, device, bytes, payload };
}

function withDevice(node: NodeState, changed: KnownDevice): NodeState {
  return { ...node, devices: node.devices.map((known) => (known.id === changed.id ? changed : known)) };
}

function bdSeqOf({ metrics }: Payload): bigint | null {
  const value = metrics.find(({ name }) => name === BDSEQ)?.value;
  return value?.kind === "integer" ? value.value : null;
}

const nameOf = ({ name }: NodeState): string => `edge node ${nodeKey(name)}`;
const after = (seq: number): number => (seq + 1) % SEQUENCE;
const distance = (from: number, to: number): number => (to - from + SEQUENCE) % SEQUENCE;
