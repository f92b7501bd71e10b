import { readFile } from "node:fs/promises";
import { anchorOnEmbedded } from "../../ledger/anchor/index.ts";
import { originOf, type Site } from "../../ledger/management/index.ts";
import { type ReceiptSummary, unpackReceipt, type VerifiedReceipt, verifyReceipt } from "../../ledger/receipt/index.ts";
import { loadSite } from "../config/index.ts";
import { needed, readArguments } from "./arguments.ts";

/** `tallystick verify`: offline unless --anchor is given. */
export async function verify(argv: readonly string[]): Promise<number> {
  const { options, positionals } = readArguments("verify", argv, { site: "text", anchor: "text", json: "flag" }, [
    "FILE",
  ]);
  const [file = ""] = positionals;
  const site = await loadSite(needed("verify", "site", options.site));
  const bytes = new Uint8Array(await readFile(file));
  const verified = verifyReceipt(bytes, site);
  const fault =
    verified.kind === "valid" && options.anchor !== null
      ? await anchorFault(bytes, verified, site, options.anchor)
      : null;
  if (options.json) {
    const answer = fault === null ? verified : { kind: "invalid", check: "ledger record", reason: fault };
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  } else {
    process.stdout.write(`${sentenceOf(verified, fault)}\n`);
  }
  return verified.kind === "valid" && fault === null ? 0 : 1;
}

function sentenceOf(verified: VerifiedReceipt, fault: string | null): string {
  if (verified.kind === "invalid") return `invalid: ${verified.check}: ${verified.reason}`;
  return fault === null ? validSentence(verified.summary) : `invalid: ledger record: ${fault}`;
}

function validSentence(summary: ReceiptSummary): string {
  const { item, massGrams, dimensionsMm, gateway, number, site, cosigners, ledgers, verdict } = summary;
  const when = new Date(summary.at).toISOString();
  const by = ledgers.map(({ name, timeSeconds }) => `${name} at ${new Date(timeSeconds * 1000).toISOString()}`);
  const flagged = verdict === "flag" ? ", flagged as implausible" : "";
  return (
    `valid: ${item}, ${massGrams} g, ${dimensionsMm.join(" x ")} mm${flagged}, measured ${when} by ${gateway} of site ${site} (number ${number}), ` +
    `agreed by ${cosigners.join(", ")}, recorded by ${by.join(", ")}`
  );
}

/** The ledger's own record of that size must carry the very checkpoint of the receipt. Null = it does. */
async function anchorFault(
  bytes: Uint8Array,
  verified: Extract<VerifiedReceipt, { kind: "valid" }>,
  site: Site,
  url: string,
): Promise<string | null> {
  const [ledger] = site.ledgers;
  if (ledger === undefined) return "the site names no ledger";
  const { size } = verified.summary;
  const record = await anchorOnEmbedded({ url, ledgerKey: ledger.key, origin: originOf(site.site) }).read(size);
  switch (record.kind) {
    case "none":
      return `the ledger at ${url} has no checkpoint of size ${size}`;
    case "refused":
    case "unavailable":
      return `the ledger at ${url} does not answer: ${record.reason}`;
    case "anchored":
      return sameBody(record.note, bytes) ? null : `the ledger at ${url} records another log of size ${size}`;
  }
}

function sameBody(note: string, receipt: Uint8Array): boolean {
  const unpacked = unpackReceipt(receipt);
  if (unpacked.kind === "reject") return false;
  const proof = Buffer.from(unpacked.files["bundle.tlog-proof"]).toString();
  const body = note.slice(0, note.indexOf("\n\n") + 2);
  return proof.includes(`\n\n${body}`);
}
