/** R5: checkpoints and anchors as they come from anywhere: checked, held against the own log, made durable, passed on. */
import type { Hash } from "../committee/index.ts";
import { fromHex } from "../crypto/index.ts";
import { verifyConsistency } from "../log/index.ts";
import { originOf, type Site } from "../management/index.ts";
import type { Executed, Store } from "../store/port.ts";
import { checkCheckpoint, readCheckpoint, type VerifyCosignature } from "./checkpoints.ts";

export type Notes = {
  /** A note with a quorum of cosignatures and, when `ledger` is named, its countersignature. Answers why not. */
  readonly offer: (ledger: string | null, text: string) => string | null;
  /** The own log has grown: notes that were ahead of it may be judged now. */
  readonly grown: () => void;
};

export type NotesOptions = {
  /** Every configuration of the site (R11): the signers of a note may be those of an earlier epoch. Newest last. */
  readonly sites: () => readonly Site[];
  readonly store: Store;
  readonly verifyCosignature: VerifyCosignature | undefined;
  readonly executed: () => Executed;
  readonly rootAt: (size: number) => Hash | undefined;
  /** The note stands: it agrees with the own log. */
  readonly stands: (ledger: string | null, size: number, root: Hash, text: string) => void;
  /** A quorum cosigned a root that the own log does not have. */
  readonly diverged: (size: number, theirs: Hash) => void;
  readonly failed: (error: Error) => void;
};

type Offer = { readonly ledger: string | null; readonly size: number; readonly root: Hash; readonly text: string };

export function makeNotes(options: NotesOptions): Notes {
  const { store } = options;
  const origin = originOf(options.sites()[0]?.site ?? "");
  /** The highest offer of each ledger (null = plain checkpoint) that is ahead of the own log. */
  const ahead = new Map<string | null, Offer>();
  const highest = new Map<string | null, number>();

  async function judge(offer: Offer): Promise<void> {
    if (await agrees(offer)) options.stands(offer.ledger, offer.size, offer.root, offer.text);
    else options.diverged(offer.size, offer.root);
  }

  async function agrees({ size, root }: Offer): Promise<boolean> {
    const remembered = options.rootAt(size);
    if (remembered !== undefined) return remembered === root;
    const executed = options.executed();
    const theirs = fromHex(root);
    const ours = fromHex(executed.root);
    if (theirs === null || ours === null) return false;
    return verifyConsistency(size, executed.size, theirs, ours, await store.consistency(size, executed.size));
  }

  function consider(offer: Offer): void {
    if (offer.size > options.executed().size) {
      ahead.set(offer.ledger, offer);
      return;
    }
    judge(offer).catch((error: unknown) => options.failed(error instanceof Error ? error : new Error(String(error))));
  }

  return {
    offer: (ledger, text) => {
      // Every peer tells the same news: what is not new is not checked.
      const read = readCheckpoint(text, origin);
      if (read.kind === "reject") return read.reason;
      if (read.size <= (highest.get(ledger) ?? 0)) return null;
      const checked = checkCheckpoint(options.sites(), text, ledger, options.verifyCosignature);
      if (checked.kind === "reject") return checked.reason;
      highest.set(ledger, checked.size);
      consider({ ledger, size: checked.size, root: checked.root, text });
      return null;
    },
    grown: () => {
      for (const [ledger, offer] of ahead) {
        if (offer.size > options.executed().size) continue;
        ahead.delete(ledger);
        consider(offer);
      }
    },
  };
}
