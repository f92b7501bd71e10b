import { readFile } from "node:fs/promises";
import { isEvidence } from "../../ledger/evidence/index.ts";
import { type Site, sitesOf } from "../../ledger/management/index.ts";
import { type ReceiptSummary, type VerifiedReceipt, verifyReceipt } from "../../ledger/receipt/index.ts";
import { loadLineage } from "../config/index.ts";
import { needed, readArguments, UsageError } from "./arguments.ts";
import { askLedger, type Asked } from "./verify-anchor.ts";

/** `tallystick verify`: a receipt or evidence, offline unless --anchor is given. Exit codes in the README (L6). */
export async function verify(argv: readonly string[]): Promise<number> {
  const { options, positionals } = readArguments("verify", argv, { site: "text", anchor: "text", json: "flag" }, [
    "FILE",
  ]);
  const [file = ""] = positionals;
  const url = options.anchor === null ? null : addressOf(options.anchor);
  const sites = sitesOf(await loadLineage(needed("verify", "site", options.site))).toReversed();
  const [site, ...earlier] = sites as [Site, ...Site[]];
  const bytes = new Uint8Array(await readFile(file));
  if (isEvidence(bytes)) {
    if (url !== null) throw new UsageError("--anchor is for receipts; evidence stands by itself");
    return tellEvidence(bytes, sites, options.json);
  }
  const verified = verifyReceipt(bytes, site, earlier);
  const asked = verified.kind === "valid" && url !== null ? await askLedger(bytes, verified.summary, site, url) : null;
  process.stdout.write(`${options.json ? JSON.stringify(jsonOf(verified, asked)) : sentenceOf(verified, asked)}\n`);
  if (verified.kind === "invalid" || asked?.kind === "contradicted") return 1;
  return asked?.kind === "unasked" ? 2 : 0;
}

/** Loaded when it is needed: evidence of a false statement is judged with the rules of every device protocol. */
async function tellEvidence(bytes: Uint8Array, sites: readonly Site[], json: boolean): Promise<number> {
  const { evidenceSentence, verifyEvidenceFile } = await import("./verify-evidence.ts");
  const verified = verifyEvidenceFile(bytes, sites);
  process.stdout.write(`${json ? JSON.stringify(verified) : evidenceSentence(verified)}\n`);
  return verified.kind === "valid" ? 0 : 1;
}

function addressOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol === "http:" || url?.protocol === "https:") return url;
  throw new UsageError(
    `--anchor is "${text}", but must be the URL of a shared ledger, for example http://127.0.0.1:8380`,
  );
}

function jsonOf(verified: VerifiedReceipt, asked: Asked | null): unknown {
  if (verified.kind === "invalid" || asked === null) return verified;
  if (asked.kind === "contradicted") return { kind: "invalid", check: "ledger record", reason: asked.reason };
  return { ...verified, anchor: asked };
}

function sentenceOf(verified: VerifiedReceipt, asked: Asked | null): string {
  if (verified.kind === "invalid") return `invalid: ${verified.check}: ${verified.reason}`;
  const valid = validSentence(verified.summary);
  switch (asked?.kind) {
    case undefined:
      return `valid: ${valid}`;
    case "recorded":
      return `valid: ${valid}; the ledger ${asked.ledger} holds the same record`;
    case "contradicted":
      return `invalid: ledger record: ${asked.reason}`;
    case "unasked":
      return `valid offline: ${valid}; the ledger could not be asked: ${asked.reason}`;
  }
}

function validSentence(summary: ReceiptSummary): string {
  const { item, massGrams, dimensionsMm, gateway, number, site, cosigners, ledgers, verdict } = summary;
  const when = new Date(summary.at).toISOString();
  const by = ledgers.map(({ name, timeSeconds }) => `${name} at ${new Date(timeSeconds * 1000).toISOString()}`);
  const flagged = verdict === "flag" ? ", flagged as implausible" : "";
  return (
    `${item}, ${massGrams} g, ${dimensionsMm.join(" x ")} mm${flagged}, measured ${when} by ${gateway} of site ${site} (number ${number}), ` +
    `agreed by ${cosigners.join(", ")}, recorded by ${by.join(", ")}`
  );
}
