/** The nouns of the lanes, and the state that L1 to L12 act on. */
import type { Bundle } from "../bundle/index.ts";
import type { GatewayIndex, Hash, Recipients } from "../committee/index.ts";
import type { Ack, LaneCertificate, LaneMessage } from "../message/index.ts";
import type { Statement } from "../statement/index.ts";
import type { Write } from "../store/port.ts";

/** One bundle of one lane. */
export type Place = { readonly lane: GatewayIndex; readonly number: number; readonly hash: Hash };

export type LaneInput =
  | { readonly kind: "message"; readonly from: GatewayIndex; readonly message: LaneMessage }
  /** L2: the own gateway's next bundle, and the time of its last statement. */
  | { readonly kind: "sealed"; readonly bundle: Bundle; readonly lastAtMs: number; readonly writes: readonly Write[] }
  /** The answer to a `check`. */
  | ({ readonly kind: "checked"; readonly verdict: Verdict } & Place)
  /** The answer to a `rewind`: the lane's end as executed. */
  | { readonly kind: "rewound"; readonly lane: GatewayIndex; readonly end: LaneEnd }
  /** A7: a cut with these tips is final: they are as good as certified (L10). */
  | { readonly kind: "final"; readonly tips: readonly Settled[] }
  /** What is held above execution or above the cut with which an epoch began, and where it ends: after a restart, and when an epoch begins. */
  | Readonly<{ kind: "recalled"; lane: GatewayIndex; hashes: ReadonlyMap<number, Hash>; end: LaneEnd }>
  /**
   * Execution waits for bodies of this lane up to this number, which is final. `onDisk`: how many bundles are durable; what is held
   * beyond that is still on its way to the disk.
   */
  | { readonly kind: "wanted"; readonly lane: GatewayIndex; readonly upTo: number; readonly onDisk: number }
  | { readonly kind: "linkUp"; readonly peer: GatewayIndex }
  | { readonly kind: "linkDown"; readonly peer: GatewayIndex }
  | { readonly kind: "wake" };

export type Verdict = { readonly kind: "accept" } | { readonly kind: "reject"; readonly reason: string };

/** Done in order. A `send` leaves only when every `persist` before it is on disk (L2, L3). */
export type LaneEffect =
  | { readonly kind: "persist"; readonly write: Write }
  | { readonly kind: "send"; readonly to: Recipients; readonly message: LaneMessage }
  /** Read these bundles from the store and send them. */
  | Readonly<{ kind: "stream"; to: GatewayIndex; lane: GatewayIndex; from: number; upTo: number }>
  /** L3, last condition: re-assess the statements against devices and model, of the epoch that it names (L12); answer with `checked`. */
  | ({ readonly kind: "check"; readonly epoch: number; readonly statements: readonly Statement[] } & Place)
  /** L9: the held end of this lane is not the certified one. Answer with where execution stands (`rewound`). */
  | { readonly kind: "rewind"; readonly lane: GatewayIndex }
  /** L4: a lane's certificate is higher than before. */
  | { readonly kind: "certified"; readonly certificate: LaneCertificate }
  /** A4: this gateway holds and has validated this bundle and all below it; it would acknowledge it. */
  | ({ readonly kind: "vouched" } & Place)
  /** L9: what was vouched for in this lane was not the certified chain. */
  | { readonly kind: "disowned"; readonly lane: GatewayIndex }
  /** A body has become available to execution. */
  | { readonly kind: "held"; readonly lane: GatewayIndex; readonly number: number }
  /** `bundle`: what was refused; null when a peer says that it refused an own one. */
  | (Omit<Place, "hash"> & Readonly<{ kind: "refused"; by: GatewayIndex; reason: string; bundle: Bundle | null }>)
  | { readonly kind: "reject"; readonly from: GatewayIndex; readonly reason: string };

/** A bundle whose bytes parsed and whose owner's signature holds. */
export type Candidate = { readonly bundle: Bundle; readonly statements: readonly Statement[] };

/** A bundle by its number and hash; number -1 before the first. */
export type Settled = { readonly number: number; readonly hash: Hash };

/** Where a chain of bundles ends. */
export type LaneEnd = {
  /** Bundles 0..held-1 are on disk here. */
  readonly held: number;
  readonly heldHash: Hash;
  /** Number of the next statement, and the time that it must not precede. */
  readonly nextStatement: number;
  readonly lastAtMs: number;
  /** That the last bundle names: none may go back behind it (L12). */
  readonly epoch: number;
};

/**
 * L6: who was asked up to which number, and for how many at a time; when something last came of it, and since when it is at the
 * part that it is at. Patience doubles with each request in vain: a way there and back may take longer than the first.
 */
export type Fetching = Readonly<Record<"from" | "upTo" | "count" | "movedAtMs" | "sinceMs" | "patienceMs", number>>;

export type Lane = LaneEnd & {
  /** Hashes of held bundles above the certificate, to tell a certified one from its rival (L9). */
  readonly uncertified: ReadonlyMap<number, Hash>;
  /** The highest bundle that is certified: by `certificate`, or because a cut that names it is final. */
  readonly settled: Settled;
  readonly certificate: LaneCertificate | null;
  /** Acks above what is settled, one for each voter (the index) and number. */
  readonly acks: ReadonlyMap<number, readonly (Ack | null)[]>;
  /** The candidate for number `held` that is being checked. */
  readonly checking: Candidate | null;
  /** Candidates above it. */
  readonly waiting: ReadonlyMap<number, Candidate>;
  /** The candidate for number `held` that this gateway refused; only a certificate of the others can bring it in. */
  readonly refused: Candidate | null;
  /** Hashes of the last refused bundles, and who said that it refused own ones: told once, however often it is repeated. */
  readonly refusedHashes: readonly Hash[];
  readonly refusers: ReadonlyMap<number, ReadonlySet<GatewayIndex>>;
  /** This gateway refused a bundle that the others certified: acks above it would vouch for it, so it gives none. */
  readonly silent: boolean;
  readonly fetching: Fetching | null;
  /** L11: what was taken as history is not yet proven to lead to what is settled. */
  readonly unproven: boolean;
  /** Counts requests in vain, so that each goes to another signer than the one before. */
  readonly attempts: number;
  /**
   * L9: the owner signed rivals, and what was held was not the certified chain. Up to this number, bundles are taken only from
   * the signer that was asked, because the owner would send its other half again.
   */
  readonly disputedUpTo: number;
  /** L9: the answer to a `rewind` is awaited; nothing is taken until then. */
  readonly rewinding: boolean;
  /** Execution waits for what is final up to here; -1 = for nothing. */
  readonly wantedUpTo: number;
  /** When something of this lane last moved, to notice a standstill (L7). */
  readonly movedAtMs: number;
};

/** What is known of one peer's copy of the own lane. */
export type Copy = {
  /** Bundles it holds. */
  readonly held: number;
  /** Bundles sent to it; null while the link is down or its `tips` have not come. */
  readonly sent: number | null;
  /** When it was last told what it lacks (L7). */
  readonly answeredAtMs: number;
};

export type Lanes = {
  readonly lanes: readonly Lane[];
  /** By gateway. The own entry stands for nothing. */
  readonly copies: readonly Copy[];
  readonly wakeAtMs: number | null;
};
