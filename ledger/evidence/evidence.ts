/** E1: the offences that can be proven with what the offender signed, and nothing else. */
import type { GatewayIndex, Hash } from "../committee/index.ts";

export type Pair<T> = readonly [T, T];

/** A signature over a hash, the rest of what it covers being named beside it. */
export type SignedHash = { readonly hash: Hash; readonly signature: Uint8Array };

export type Ballot =
  | { readonly kind: "notarize" | "finalize"; readonly hash: Hash; readonly signature: Uint8Array }
  | { readonly kind: "nullify"; readonly hash: null; readonly signature: Uint8Array };

/** A bundle's COSE_Sign1, and some of its statements with their paths to its root. */
export type Shown = {
  readonly cose: Uint8Array;
  readonly statements: readonly {
    readonly index: number;
    readonly bytes: Uint8Array;
    readonly path: readonly Uint8Array[];
  }[];
};

export type Offence =
  /** A4: a leader signed two blocks for one view. */
  | { readonly kind: "two-proposals"; readonly view: number; readonly proposals: Pair<SignedHash> }
  /** A4 to A6: two votes of one kind, or a nullification and a final vote, in one view. */
  | { readonly kind: "two-votes"; readonly view: number; readonly votes: Pair<Ballot> }
  /** L2: a lane's owner signed two bundles of one number. */
  | { readonly kind: "two-bundles"; readonly bundles: Pair<Uint8Array> }
  /** L4: a gateway acknowledged two bundles of one number of a lane. */
  | {
      readonly kind: "two-acks";
      readonly lane: GatewayIndex;
      readonly number: number;
      readonly acks: Pair<SignedHash>;
    }
  /** R4: a gateway cosigned two different logs of one size: C2SP notes, each with that cosignature alone. */
  | { readonly kind: "two-logs"; readonly notes: Pair<string> }
  /** L3: a bundle that breaks a rule which needs no model. The last one shown is the false one; before it, its parent when that is needed. */
  | { readonly kind: "false-bundle"; readonly shown: readonly Shown[] }
  /** L3: an ack of such a bundle: its owner signed `shown`, the accused acknowledged it. */
  | { readonly kind: "false-ack"; readonly signature: Uint8Array; readonly shown: readonly Shown[] };

export type Fault = Offence["kind"];

/** Evidence as it is read: whose, under which configuration, not yet believed. */
export type Evidence = {
  readonly site: string;
  readonly epoch: number;
  readonly configHash: Hash;
  /** The accused. */
  readonly gateway: string;
  readonly offence: Offence;
};
