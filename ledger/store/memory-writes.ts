import { bytesEqual } from "../crypto/index.ts";
import { ACCEPTED_KEPT, EVIDENCE_KEPT, REFUSAL_EVIDENCE_BYTES, REFUSALS_KEPT } from "./limits.ts";
import { append, assign, grow, type MemoryState, remove, set, splice, type Undo } from "./memory-state.ts";
import type { Write } from "./port.ts";

type Of<K extends Write["kind"]> = Extract<Write, { kind: K }>;
type Writers = { readonly [K in Write["kind"]]: (state: MemoryState, undo: Undo, write: Of<K>) => void };

/** The same rules as writes.ts, over maps (S3). */
export function applyWrite(state: MemoryState, undo: Undo, write: Write): void {
  (writers[write.kind] as (state: MemoryState, undo: Undo, write: Write) => void)(state, undo, write);
}

const writers: Writers = {
  bundle: (state, undo, { lane, number, hash, cose, statements, first }) => {
    grow(state, lane + 1);
    const held = state.lanes[lane];
    if (held === undefined) throw new Error(`lane ${lane} is not in the site`);
    const present = held[number];
    if (present?.hash === hash) return;
    if (present === undefined && number !== held.length) {
      throw new Error(`bundle ${number} of lane ${lane} was written before its parent`);
    }
    if (present !== undefined && number <= (state.single.executed.tips[lane] ?? -1)) {
      throw new Error(`bundle ${number} of lane ${lane} is already in the log and cannot be replaced`);
    }
    // S4: the half of an equivocation that lost goes, and what was built on it.
    splice(held, undo, number, held.length - number, { lane, number, hash, cose, statements, first });
  },
  laneCertificate: (state, undo, { lane, number, bytes }) => {
    if (number > (state.laneCertificates.get(lane)?.number ?? -1)) {
      set(state.laneCertificates, undo, lane, { number, bytes });
    }
  },
  vote: (state, undo, { view, vote, bytes }) => {
    const first = state.votes.get(`${view}/${vote}`);
    refuseSecond(`${vote} vote`, view, first?.bytes, bytes);
    if (first === undefined) set(state.votes, undo, `${view}/${vote}`, { view, vote, bytes });
  },
  proposal: (state, undo, { view, bytes }) => {
    const first = state.proposals.get(view);
    refuseSecond("proposal", view, first?.bytes, bytes);
    if (first === undefined) set(state.proposals, undo, view, { view, bytes });
  },
  certificate: (state, undo, { view, certificate, bytes }) => {
    const key = `${view}/${certificate}`;
    if (!state.certificates.has(key)) set(state.certificates, undo, key, { view, certificate, bytes });
  },
  block: (state, undo, { view, hash, bytes }) => {
    if (!state.blocks.has(hash)) set(state.blocks, undo, hash, { view, hash, bytes });
  },
  finalized: (state, undo, { view, hash, finalization, chain }) => {
    for (const block of chain) {
      const place = state.chain.findLastIndex((other) => other.view <= block.view);
      if (state.chain[place]?.view !== block.view)
        splice(state.chain, undo, place + 1, 0, { ...block, finalization: null });
    }
    const place = state.chain.findLastIndex((block) => block.view === view && block.hash === hash);
    const block = state.chain[place];
    if (block === undefined) throw new Error(`block ${hash} of view ${view} became final without its body`);
    if (block.finalization === null) splice(state.chain, undo, place, 1, { ...block, finalization });
    for (const table of [state.votes, state.proposals, state.certificates, state.blocks] as readonly Map<
      unknown,
      { readonly view: number }
    >[]) {
      for (const [key, entry] of table) if (entry.view <= view) remove(table, undo, key);
    }
  },
  epoch: (state, undo, { epoch, view, tips, document, ends, self }) => {
    if (state.epochs.some((known) => known.epoch === epoch)) return;
    append(state.epochs, undo, { epoch, view, tips, document });
    if (view === 0) return;
    remove(state.memos, undo, "successors");
    for (const table of [state.votes, state.proposals, state.certificates, state.blocks, state.laneCertificates])
      for (const key of table.keys()) remove(table as Map<unknown, unknown>, undo, key);
    for (const lane of ends) {
      const held = state.lanes[lane] ?? [];
      const end = (tips[lane]?.number ?? -1) + 1;
      for (const { first, statements } of lane === self ? held.slice(end).toReversed() : [])
        splice(state.unsealed, undo, 0, 0, { first, statements });
      splice(held, undo, end, held.length);
      remove(state.memos, undo, `lane/${lane}/silent`);
    }
  },
  resealed: (state, undo, { first }) => {
    const place = state.unsealed.findIndex((entry) => entry.first === first);
    if (place !== -1) splice(state.unsealed, undo, place, 1);
  },
  checkpoint: (state, undo, { size, note }) => {
    if (size >= (state.single.checkpoint?.size ?? -1)) assign(state, undo, "checkpoint", { size, note });
  },
  anchor: (state, undo, { ledger, size, note }) => {
    if (state.anchors.some((anchor) => anchor.size === size && anchor.ledger === ledger)) return;
    splice(state.anchors, undo, state.anchors.findLastIndex((anchor) => anchor.size <= size) + 1, 0, {
      ledger,
      size,
      note,
    });
  },
  refusal: (state, undo, write) => {
    const same = (other: Of<"refusal">): boolean =>
      other.lane === write.lane && other.number === write.number && other.hash === write.hash && other.by === write.by;
    if (state.refusals.some(same)) return;
    append(state.refusals, undo, { ...write, evidence: write.evidence.slice(0, REFUSAL_EVIDENCE_BYTES) });
    const ofLane = state.refusals.filter(({ lane }) => lane === write.lane);
    const oldest = ofLane[0];
    if (ofLane.length > REFUSALS_KEPT && oldest !== undefined)
      splice(state.refusals, undo, state.refusals.indexOf(oldest), 1);
  },
  evidence: (state, undo, write) => {
    const alike = state.evidence.filter(({ gateway, fault }) => gateway === write.gateway && fault === write.fault);
    if (alike.length >= EVIDENCE_KEPT || alike.some(({ about }) => about === write.about)) return;
    append(state.evidence, undo, write);
  },
  reading: (state, undo, { id, bytes }) => {
    if (!state.readings.has(id)) set(state.readings, undo, id, bytes);
  },
  readingsDone: (state, undo, { ids }) => {
    for (const id of ids) remove(state.readings, undo, id);
  },
  accepted: (state, undo, { key, number }) => {
    if (state.accepted.has(key)) return;
    set(state.accepted, undo, key, number);
    const [oldest] = state.accepted.keys();
    if (state.accepted.size > ACCEPTED_KEPT && oldest !== undefined) remove(state.accepted, undo, oldest);
  },
  memo: (state, undo, { key, bytes }) => set(state.memos, undo, key, bytes),
};

/** A9: see writes.ts. */
function refuseSecond(what: string, view: number, first: Uint8Array | undefined, second: Uint8Array): void {
  if (first !== undefined && !bytesEqual(first, second)) {
    throw new Error(`a second, different ${what} in view ${view} was about to be stored`);
  }
}
