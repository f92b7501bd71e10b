import { parseNote, formatNote, formatTlogProof } from "../log/index.ts";
import { partsOf, pathInBundle } from "../bundle/index.ts";
import { encodeCoseReceipt, encodeReceipt } from "./format.ts";

/** What a receipt is made from; the store's `ReceiptParts` has this shape. */
export type ReceiptInput = {
  readonly statement: Uint8Array;
  readonly bundle: { readonly cose: Uint8Array; readonly statements: readonly Uint8Array[]; readonly first: number };
  /** Index of the bundle in the log. */
  readonly leaf: number;
  /** A checkpoint that covers the leaf, with the cosignatures of the gateways and of the ledger. */
  readonly anchor: { readonly note: string };
  /** Inclusion proof of the leaf in the tree of the anchor's size. */
  readonly path: readonly Uint8Array[];
};

/**
 * V1-V4: the receipt of one statement. Deterministic: the same parts give the same bytes. Throws when the statement is not in
 * the bundle or a part cannot be read, which means that the store is broken.
 */
export function buildReceipt({ statement, bundle, leaf, anchor, path }: ReceiptInput): Uint8Array {
  const index = bundle.statements.findIndex((candidate) => Buffer.compare(candidate, statement) === 0);
  const parts = partsOf(bundle.cose);
  const note = parseNote(anchor.note);
  if (index === -1) throw new Error("The statement is not in the bundle that its receipt is built from.");
  if (parts.kind === "reject") throw new Error(`The bundle of a receipt cannot be read: ${parts.reason}.`);
  if (note.kind === "reject") throw new Error(`The anchor of a receipt cannot be read: ${note.reason}.`);
  const size = bundle.statements.length;
  const inBundle = { size, index, path: pathInBundle(bundle.statements, index) };
  // V4: anchors collect signatures in the order in which they arrive; a receipt has one order.
  const signatures = note.note.signatures.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const checkpoint = formatNote({ body: note.note.body, signatures });
  return encodeReceipt(
    statement,
    encodeCoseReceipt(parts.protectedHeader, parts.signature, inBundle),
    formatTlogProof({ index: leaf, path, checkpoint }),
  );
}
