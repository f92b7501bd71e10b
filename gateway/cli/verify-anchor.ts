import { anchorOnEmbedded } from "../../ledger/anchor/index.ts";
import { originOf, type Site, siteKeys } from "../../ledger/management/index.ts";
import { type ReceiptSummary, unpackReceipt } from "../../ledger/receipt/index.ts";

/** L6: what the shared ledger at an address says of a valid receipt. */
export type Asked =
  /** It holds the very checkpoint of the receipt. */
  | { readonly kind: "recorded"; readonly ledger: string }
  /** It proved to be a ledger that signed the receipt, and holds something else. */
  | { readonly kind: "contradicted"; readonly reason: string }
  /** Nobody who signed the receipt answered: that a network is away does not make a receipt wrong. */
  | { readonly kind: "unasked"; readonly reason: string };

/**
 * The ledger is whichever of the site's answers at `url` with a record that its key signed; only one that signed the receipt
 * must have its checkpoint, because each ledger is given checkpoints of its own.
 */
export async function askLedger(bytes: Uint8Array, summary: ReceiptSummary, site: Site, url: URL): Promise<Asked> {
  const keys = siteKeys(site).ledgers;
  let reason = "the site names no ledger";
  for (const [index, { name, key }] of site.ledgers.entries()) {
    const anchor = anchorOnEmbedded({ url: url.href, ledgerKey: key, origin: originOf(site.site) });
    const newest = await anchor.read(null);
    if (newest.kind !== "anchored") {
      reason = newest.kind === "none" ? `${url.href} records nothing of site ${site.site}` : newest.reason;
      continue;
    }
    if (!summary.ledgers.some((signer) => signer.name === keys[index]?.name)) {
      reason = `${url.href} is the ledger ${name}, which did not sign this receipt; ask one that did`;
      continue;
    }
    const { size } = summary;
    const record = newest.size === size ? newest : await anchor.read(size);
    switch (record.kind) {
      case "anchored":
        return sameBody(record.note, bytes)
          ? { kind: "recorded", ledger: name }
          : { kind: "contradicted", reason: `the ledger ${name} at ${url.href} records another log of size ${size}` };
      case "none":
        return {
          kind: "contradicted",
          reason: `the ledger ${name} at ${url.href} records sizes up to ${newest.size}, but not ${size}`,
        };
      case "refused":
      case "unavailable":
        return { kind: "unasked", reason: record.reason };
    }
  }
  return { kind: "unasked", reason };
}

function sameBody(note: string, receipt: Uint8Array): boolean {
  const unpacked = unpackReceipt(receipt);
  if (unpacked.kind === "reject") return false;
  const proof = Buffer.from(unpacked.files["bundle.tlog-proof"]).toString();
  const body = note.slice(0, note.indexOf("\n\n") + 2);
  return proof.includes(`\n\n${body}`);
}
