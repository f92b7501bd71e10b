/**
 * What the rest of Tallystick asks of the store. Two implementations keep it: the SQLite store thread of a gateway
 * (`index.ts`) and the memory store of the simulator, which can lose whatever was not yet durable.
 *
 * S1 `commit` resolves after every write in it is on disk (fsynced), in the order of the calls; a failure rejects and the
 *    process must stop, because memory and disk may disagree.
 * S2 All writes of one `commit` become durable together or not at all.
 * S3 Writes are idempotent: the same write again changes nothing.
 */

import type { Cut, Executed, Execution, GatewayIndex, Hash, StoredBundle, Tip } from "../execution/index.ts";

export type { Cut, Executed, Execution, GatewayIndex, Hash, StoredBundle, Tip } from "../execution/index.ts";

export type Write =
  /** L2, L3: a validated bundle of a lane. Its presence is also this gateway's promise never to hold another of that number. */
  | {
      readonly kind: "bundle";
      readonly lane: GatewayIndex;
      readonly number: number;
      readonly hash: Hash;
      /** The COSE_Sign1 with the root attached: the leaf of the log. */
      readonly cose: Uint8Array;
      readonly statements: readonly Uint8Array[];
      /** Number of the first statement in it. */
      readonly first: number;
    }
  /** L4: the highest certificate of a lane; replaces a lower one. */
  | {
      readonly kind: "laneCertificate";
      readonly lane: GatewayIndex;
      readonly number: number;
      readonly bytes: Uint8Array;
    }
  /** A9: an own vote, to be sent again verbatim after a restart. Key: (view, vote). */
  | { readonly kind: "vote"; readonly view: number; readonly vote: string; readonly bytes: Uint8Array }
  /** A9: an own proposal. Key: view. */
  | { readonly kind: "proposal"; readonly view: number; readonly bytes: Uint8Array }
  /** Certificates above W, so that a power cut of the whole site cannot strand a view. Key: (view, certificate). */
  | { readonly kind: "certificate"; readonly view: number; readonly certificate: string; readonly bytes: Uint8Array }
  /** A block that this gateway voted for or fetched. Key: hash. */
  | { readonly kind: "block"; readonly view: number; readonly hash: Hash; readonly bytes: Uint8Array }
  /**
   * A7: W := view; `chain` = the hashes that become final, oldest first, with their views. Drops votes, proposals,
   * certificates and blocks of views <= view, except the blocks of the finalized chain, and keeps the finalization.
   */
  | {
      readonly kind: "finalized";
      readonly view: number;
      readonly hash: Hash;
      readonly finalization: Uint8Array;
      readonly chain: readonly { readonly view: number; readonly hash: Hash; readonly bytes: Uint8Array }[];
    }
  /**
   * A13: an epoch begins behind the block of `view`, which is final. What was signed in the epoch before and is not in that block
   * means nothing any more: votes, proposals, certificates and blocks are dropped, and successors of the configuration before (memo `successors`). `ends`: lanes whose owner's key went. They lose
   * what lies above `tips`, and this gateway no longer keeps silent there (L8); what `self` loses of its own lane is set
   * aside until it is sealed anew (`resealed`).
   */
  | {
      readonly kind: "epoch";
      readonly epoch: number;
      readonly view: number;
      /** The cut of that block: where each lane stands. */
      readonly tips: readonly Tip[];
      readonly document: Uint8Array;
      readonly ends: readonly GatewayIndex[];
      readonly self: GatewayIndex;
    }
  /** The statements from number `first` on that were set aside are in a bundle of this very commit. */
  | { readonly kind: "resealed"; readonly first: number }
  /** A checkpoint with a quorum of cosignatures (C2SP signed note, text). `root` in hex. */
  | { readonly kind: "checkpoint"; readonly size: number; readonly root: Hash; readonly note: string }
  /** The same, countersigned by the named shared ledger. */
  | { readonly kind: "anchor"; readonly ledger: string; readonly size: number; readonly note: string }
  /** L3: a bundle that this gateway refused, or that a peer told us it refused of ours. Key: (lane, number, hash, by). */
  | {
      readonly kind: "refusal";
      readonly lane: GatewayIndex;
      readonly number: number;
      readonly hash: Hash;
      readonly by: GatewayIndex;
      readonly reason: string;
      /** The refused bytes when this gateway refused them; empty when a peer did. At most 64 KiB are kept. */
      readonly evidence: Uint8Array;
      readonly atMs: number;
    }
  /** What a gateway signed and an honest one would not have (`ledger/evidence`). Key: (gateway, fault, about). */
  | {
      readonly kind: "evidence";
      readonly fault: string;
      readonly gateway: GatewayIndex;
      readonly about: string;
      readonly bytes: Uint8Array;
    }
  /** A device reading that was acknowledged before it became part of a measurement. Key: id (made by the gateway). */
  | { readonly kind: "reading"; readonly id: string; readonly bytes: Uint8Array }
  /** Readings that were fused into a statement of this very commit, or given up with a reason. */
  | { readonly kind: "readingsDone"; readonly ids: readonly string[] }
  /** What was accepted under a client's key; a repeated request gets the same answer. The newest 100,000 are kept. */
  | { readonly kind: "accepted"; readonly key: string; readonly number: number }
  /** Small durable state of the gateway's own (station load cycles, dispositions). */
  | { readonly kind: "memo"; readonly key: string; readonly bytes: Uint8Array };

/** An epoch that began: see the write of that name. */
export type StoredEpoch = Omit<Extract<Write, { kind: "epoch" }>, "kind" | "ends" | "self">;

/** Everything that a gateway needs to go on where it stopped. */
export type Recovered = {
  /** Oldest first. */
  readonly epochs: readonly StoredEpoch[];
  /** How many bundles of the own lane wait to be sealed anew: `Store.unsealed`. */
  readonly unsealed: number;
  readonly finalized: {
    readonly view: number;
    readonly hash: Hash;
    readonly block: Uint8Array;
    readonly finalization: Uint8Array;
  } | null;
  /** The end of the finalized chain, oldest first: the blocks of the last 3 x lanes + 16 views and the one before (A12). */
  readonly chain: readonly Uint8Array[];
  readonly votes: readonly { readonly view: number; readonly vote: string; readonly bytes: Uint8Array }[];
  readonly proposals: readonly { readonly view: number; readonly bytes: Uint8Array }[];
  readonly certificates: readonly { readonly view: number; readonly certificate: string; readonly bytes: Uint8Array }[];
  /** Blocks above W. */
  readonly blocks: readonly { readonly view: number; readonly hash: Hash; readonly bytes: Uint8Array }[];
  /** One for each lane of which anything is held, by lane. */
  readonly lanes: readonly {
    readonly lane: GatewayIndex;
    readonly number: number;
    readonly hash: Hash;
    /** Number of the next statement of the lane. */
    readonly nextStatement: number;
    readonly certificate: Uint8Array | null;
    /** The last bundle's COSE bytes and last statement, from which times continue. */
    readonly cose: Uint8Array;
    readonly lastStatement: Uint8Array;
  }[];
  readonly executed: Executed;
  readonly checkpoint: { readonly size: number; readonly note: string } | null;
  readonly anchors: readonly { readonly ledger: string; readonly size: number; readonly note: string }[];
  readonly readings: readonly { readonly id: string; readonly bytes: Uint8Array }[];
  /** The memo `successors` (R12). */
  readonly successors: Uint8Array | null;
  /** Lanes with a memo under `lane/<index>/silent`: this gateway gives no more acks there. */
  readonly silentLanes: readonly GatewayIndex[];
  /** All that is kept, oldest first. */
  readonly evidence: readonly Omit<Extract<Write, { kind: "evidence" }>, "kind">[];
  /** Statements of each lane that are executed, and among those of the highest anchored checkpoint: `countsAt`. */
  readonly executedCounts: readonly number[];
  readonly anchoredCounts: readonly number[];
};

/** One finalized statement. `index` counts statements in log order from 0. */
export type FinalStatement = {
  readonly index: number;
  readonly lane: GatewayIndex;
  readonly number: number;
  readonly bytes: Uint8Array;
};

/** What a receipt is built from: see ledger/receipt. */
export type ReceiptParts = {
  readonly statement: Uint8Array;
  /** All statements' leaf hashes are needed for the path inside the bundle, so the whole bundle comes along. */
  readonly bundle: StoredBundle;
  readonly leaf: number;
  /** The lowest anchored checkpoint that covers the leaf. */
  readonly anchor: { readonly ledger: string; readonly size: number; readonly note: string };
  /** RFC 6962 inclusion proof of the leaf in the tree of `anchor.size`. */
  readonly path: readonly Uint8Array[];
};

export type ReceiptAnswer =
  | { readonly kind: "parts"; readonly parts: ReceiptParts }
  | { readonly kind: "unknown" }
  | { readonly kind: "pending"; readonly stage: "accepted" | "final" };

export type StoreStats = {
  readonly bytes: number;
  readonly commits: number;
  readonly writes: number;
  readonly lastCommitMs: number;
};

export type Store = {
  readonly recover: () => Promise<Recovered>;
  readonly commit: (writes: readonly Write[]) => Promise<void>;
  /**
   * Executes finalized blocks (view and tips of the cut of each), oldest first, up to the first that has to wait for a body; a block
   * at or below `Executed.view` is a no-op. Answers for each, in order, ending with the one that waits.
   */
  readonly execute: (blocks: readonly Cut[]) => Promise<readonly Execution[]>;
  /** Consecutive held bundles of a lane from number `from`, up to `maxBytes` but at least one when held. */
  readonly bundles: (lane: GatewayIndex, from: number, maxBytes: number) => Promise<readonly StoredBundle[]>;
  /**
   * The same from `from` to at most `upTo`, packed for a peer (ledger/bundle, B7). `next`: the number behind the last of them; `from`
   * when that one is not held.
   */
  readonly history: (
    lane: GatewayIndex,
    from: number,
    upTo: number,
    maxBytes: number,
  ) => Promise<{ readonly packed: Uint8Array; readonly next: number }>;
  /** How many statements of each lane stand among the first `size` leaves of the log; size <= executed size. */
  readonly countsAt: (size: number) => Promise<{ readonly statements: number; readonly lanes: readonly number[] }>;
  /**
   * The finalized chain after view `after`, oldest first, and the finalization of the LAST block returned: every block that was
   * finalized by name keeps its finalization, and the answer ends at the last such block within `limit` (or, when there is none
   * within `limit`, at the first one beyond), or before it at the last block of an epoch.
   */
  readonly finalizedAfter: (
    after: number,
    limit: number,
  ) => Promise<{
    readonly blocks: readonly { readonly view: number; readonly hash: Hash; readonly bytes: Uint8Array }[];
    readonly finalization: Uint8Array | null;
  }>;
  /** Statements of the own lane that were set aside when its key went, oldest first, a bundle's worth each. */
  readonly unsealed: (
    limit: number,
  ) => Promise<readonly { readonly first: number; readonly statements: readonly Uint8Array[] }[]>;
  readonly statementsAfter: (index: number, limit: number) => Promise<readonly FinalStatement[]>;
  readonly statement: (
    lane: GatewayIndex,
    number: number,
  ) => Promise<{ readonly bytes: Uint8Array; readonly index: number | null } | null>;
  readonly receipt: (lane: GatewayIndex, number: number) => Promise<ReceiptAnswer>;
  readonly twin: (item: string) => Promise<Uint8Array | null>;
  readonly accepted: (key: string) => Promise<number | null>;
  readonly memo: (key: string) => Promise<Uint8Array | null>;
  readonly refusals: (limit: number) => Promise<readonly Extract<Write, { kind: "refusal" }>[]>;
  readonly evidence: (gateway: GatewayIndex, fault: string, about: string) => Promise<Uint8Array | null>;
  readonly consistency: (from: number, to: number) => Promise<readonly Uint8Array[]>;
  readonly stats: () => Promise<StoreStats>;
  readonly close: () => Promise<void>;
};
