/** R11: the epochs that a site has had, as the store keeps them. */
import { invariant } from "../committee/index.ts";
import { type ApprovedSite, decodeApproved, encodeApproved, type Lineage, type Site } from "../management/index.ts";
import type { Recovered, Tip, Write } from "../store/port.ts";
import { beganWith } from "./committee-of.ts";

/** A configuration that took effect: behind the block of `view`, with the cut in it. */
export type Began = { readonly approved: ApprovedSite; readonly view: number; readonly start: readonly Tip[] };

/** Oldest first, never empty. `first`: the configuration with which the site began. */
export function recoverHistory(stored: Recovered["epochs"], first: Site): readonly Began[] {
  if (stored.length === 0) return [beganWith(first)];
  const history = stored.map(({ view, tips, document }): Began => {
    const approved = decodeApproved(document);
    invariant(approved !== null, "the store holds a configuration that this program did not write");
    return { approved, view, start: tips };
  });
  invariant(
    history[0]?.approved.site.configHash === first.configHash,
    "the store is of a site that began with another configuration",
  );
  return history;
}

/** What a new store begins with: `recoverHistory` will hold every later SITE.json against it. */
export const firstEpoch = (site: Site, self: number): Write => epochWrite([beganWith(site)], [], self);

/** The write with which the last epoch of `history` begins. */
export function epochWrite(history: readonly Began[], ends: readonly number[], self: number): Write {
  const { approved, view, start } = history.at(-1) as Began;
  const document = encodeApproved(approved);
  return { kind: "epoch", epoch: approved.site.epoch, view, tips: start, document, ends, self };
}

export const lineageIn = (history: readonly Began[]): Lineage =>
  history.map(({ approved }) => approved) as unknown as Lineage;
