import type { PlainFailure } from "./failures.ts";
import type { Identity } from "./database.ts";
import type { Store, Write } from "./port.ts";

/** What travels between the event loop and the store thread. */
export type ThreadData = { readonly path: string; readonly identity: Identity; readonly mayCreate: boolean };

type BundleWrite = Extract<Write, { kind: "bundle" }>;
/** A bundle crosses with its statements in one blob (`packStatements`). */
export type PackedBundle = Omit<BundleWrite, "statements"> & {
  readonly statements: Uint8Array;
  readonly count: number;
};
export type CrossingWrite = PackedBundle | Exclude<Write, BundleWrite>;

export type Method = keyof Store;

export type Request = { readonly id: number; readonly method: Method; readonly args: readonly unknown[] };

export type Reply =
  | { readonly id: number; readonly kind: "answer"; readonly value: unknown }
  /** This call failed and changed nothing; the store goes on. */
  | { readonly id: number; readonly kind: "mistake"; readonly message: string }
  | { readonly id: number; readonly kind: "failure"; readonly failure: PlainFailure };

export type FromThread =
  | { readonly kind: "ready" }
  | { readonly kind: "refused"; readonly failure: PlainFailure }
  | { readonly kind: "replies"; readonly replies: readonly Reply[] };
