/** Inputs, effects, and the state that the rules act on. */
import type { GatewayIndex, Hash, Recipients } from "../committee/index.ts";
import type { Seeds } from "../leaders/index.ts";
import type {
  Block,
  Certificate,
  LaneCertificate,
  Message,
  Proposal,
  SignedVote,
  Tip,
  Vote,
} from "../message/index.ts";
import type { Write } from "../store/port.ts";

export type Input =
  | { readonly kind: "message"; readonly from: GatewayIndex; readonly message: Message }
  /** The lanes know a higher certificate. */
  | { readonly kind: "certified"; readonly certificate: LaneCertificate }
  /** A4: this gateway holds and has validated this bundle and all below it. */
  | { readonly kind: "vouched"; readonly lane: GatewayIndex; readonly number: number; readonly hash: Hash }
  /** L9: what was vouched for in this lane was not the certified chain. */
  | { readonly kind: "disowned"; readonly lane: GatewayIndex }
  /** Execution reached this log, or a quorum cosigned it. */
  | { readonly kind: "executed"; readonly size: number; readonly root: Hash }
  | { readonly kind: "checkpoint"; readonly size: number; readonly root: Hash }
  /** A13: the successor with this hash is held here and approved; `propose`: it is time to end the epoch with it. */
  | { readonly kind: "approved"; readonly hash: Hash; readonly propose: boolean }
  | { readonly kind: "linkUp"; readonly peer: GatewayIndex }
  | { readonly kind: "wake" };

/** Done in order. A `send` leaves only when every `persist` before it is on disk (A9). */
export type Effect =
  | { readonly kind: "persist"; readonly write: Write }
  | { readonly kind: "send"; readonly to: Recipients; readonly message: Message }
  /** A lane's certificate, for leaders that may not know it (A6, A14). */
  | { readonly kind: "offer"; readonly to: Recipients; readonly certificate: LaneCertificate }
  /** Read the finalized chain after this view from the store and send it. */
  | { readonly kind: "serveFinalized"; readonly to: GatewayIndex; readonly after: number }
  /** A7: these blocks are final, oldest first. */
  | { readonly kind: "finalize"; readonly blocks: readonly Link[] }
  /** A13: the epoch has ended with this block, which names the configuration of the next one. No input means anything here any more. */
  | { readonly kind: "epochEnded"; readonly last: Link }
  /** A13: a block names a configuration that is not held here as approved: ask for it. */
  | { readonly kind: "successorWanted"; readonly hash: Hash }
  /** The sender broke a rule that no honest gateway breaks. */
  | { readonly kind: "reject"; readonly from: GatewayIndex; readonly reason: string };

export type Link = { readonly hash: Hash; readonly block: Block };

/** By voter; an array, because it is copied for every vote. */
export type Votes = readonly (SignedVote | undefined)[];

/** What is known of one view above W. */
export type Round = {
  /** The first proposal from the leader, ours included. */
  readonly proposal: { readonly proposal: Proposal; readonly hash: Hash; readonly leader: GatewayIndex } | null;
  /** The first vote of each kind from each gateway. */
  readonly votes: Readonly<Record<Vote["kind"], Votes>>;
  readonly notarization: Certificate | null;
  readonly nullification: Certificate | null;
  /** What this gateway signed in this view, never more than one of each (A4, A6, A8). */
  readonly sent: Readonly<Record<Vote["kind"], SignedVote | null>>;
  /** When the certificate that closed this view was first known here. */
  readonly closedAtMs: number | null;
};

/** A11: how long views take here. */
export type Pace = {
  readonly measured: { readonly meanMs: number; readonly varianceMs2: number } | null;
  /** Consecutive nullified views; each doubles the patience. */
  readonly nullified: number;
};

/** Of the current view. Stands still while there is nothing to order (A3): all are null then. */
export type Clock = {
  readonly startedAtMs: number | null;
  /** The last beat that has passed, and when the next one comes. */
  readonly beats: number;
  readonly beatMs: number | null;
  /** A3: a leader that follows another block closely waits until then, so that one cut takes more. */
  readonly cutMs: number | null;
};

/** A2: a certificate that is passed on when its time has come. */
export type Relay = { readonly certificate: Certificate; readonly atMs: number };

export type State = {
  readonly view: number;
  /** The finalized chain as delivered: its last block. View 0 is genesis; the last block of an epoch is genesis of the next. */
  readonly delivered: {
    readonly view: number;
    readonly hash: Hash;
    readonly tips: readonly Tip[];
    readonly seed: Hash;
    /** A13: null: a chain that goes on was not ended. */
    readonly next: null;
    /** Null for genesis, and for the block with which an epoch begins: its proof is of the epoch before. */
    readonly finalization: Certificate | null;
  };
  /** A12: the delivered blocks that set a seed on which leaders to come depend, oldest first. */
  readonly seeds: Seeds;
  /** A13: successors that are approved and held here, and the one to propose. */
  readonly approved: readonly Hash[];
  readonly proposing: Hash | null;
  /** A13: nothing happens in this epoch any more. */
  readonly ended: boolean;
  /** The highest Finalization known; ahead of `delivered` while blocks are being fetched. */
  readonly highest: Certificate | null;
  /** A6, A14: how often this view was said again; each time twice as many hear it. */
  readonly attempt: number;
  /** When the current view was entered; null after a restart. */
  readonly enteredAtMs: number | null;
  /** When W was raised; null after a restart. */
  readonly finalAtMs: number | null;
  readonly rounds: ReadonlyMap<number, Round>;
  /** Blocks above the delivered one that a proposal or a certificate names. */
  readonly blocks: ReadonlyMap<Hash, Block>;
  /** What the lanes have certified: the highest, and the hashes above the delivered cut, certified or vouched for, the newest 1,024. */
  readonly certified: readonly {
    readonly highest: LaneCertificate | null;
    readonly hashes: ReadonlyMap<number, Hash>;
  }[];
  /** A3: lanes of which something is certified above the delivered cut. */
  readonly ahead: ReadonlySet<GatewayIndex>;
  readonly checkpoint: { readonly size: number; readonly root: Hash } | null;
  /** Own roots of the last executed sizes, to hold a proposal's checkpoint against. */
  readonly roots: ReadonlyMap<number, Hash>;
  readonly pace: Pace;
  readonly clock: Clock;
  /** A2: what is to be passed on, and what each peer's messages have shown: the last view that it has left, the last that it knows to be final. */
  readonly relays: {
    readonly due: readonly Relay[];
    readonly shown: readonly ({ readonly left: number; readonly final: number } | undefined)[];
  };
  /** When each peer was last helped or asked (A10 is rate-limited). */
  readonly helpedAtMs: ReadonlyMap<GatewayIndex, number>;
  readonly servedAtMs: ReadonlyMap<GatewayIndex, number>;
  readonly askedAtMs: number | null;
  /** Counts for the status page. */
  readonly viewsNullified: number;
};
