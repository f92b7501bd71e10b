import type { PlainFailure } from "./failures.ts";
import type { Identity } from "./database.ts";
import type { Store } from "./port.ts";

/** What travels between the event loop and the store thread. */
export type ThreadData = { readonly path: string; readonly identity: Identity; readonly mayCreate: boolean };

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
