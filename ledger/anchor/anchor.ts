/** H1: what every shared ledger offers a gateway, whatever it is made of. */
export type Anchor = {
  /** Submits a checkpoint with its quorum of cosignatures. Resolves always; safe to repeat. */
  readonly submit: (checkpoint: Submission) => Promise<Submitted>;
  /** The ledger's own record, checked like an answer to `submit`; null size = the newest. */
  readonly read: (size: number | null) => Promise<ReadBack>;
};

export type Submission = {
  /** C2SP signed note with the gateways' cosignatures. */
  readonly note: string;
  /** RFC 6962 consistency proof between two sizes of the site's log; the ledger's last size may be any. */
  readonly consistency: (from: number, to: number) => Promise<readonly Uint8Array[]>;
};

/** H2: the only answer that means anything is one that verifies under the ledger's key. */
export type Submitted =
  | Anchored
  /** The ledger already records a larger checkpoint of this site: this one is not needed any more. */
  | { readonly kind: "ahead"; readonly ledgerSize: number }
  | Refused
  | Unavailable;

export type ReadBack = Anchored | { readonly kind: "none" } | Refused | Unavailable;

export type Anchored = {
  readonly kind: "anchored";
  readonly size: number;
  /** The note with the ledger's verified countersignature as its last line. */
  readonly note: string;
};

/** The ledger will give the same answer again: somebody has to look at it. */
export type Refused = { readonly kind: "refused"; readonly reason: string };

/** Nobody knows whether it was recorded: ask again after `retryAfterMs`, which grows with every failure in a row. */
export type Unavailable = { readonly kind: "unavailable"; readonly reason: string; readonly retryAfterMs: number };
