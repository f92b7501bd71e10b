import { readFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { fromHex, toHex } from "../../ledger/crypto/index.ts";
import { openBundle } from "../../ledger/bundle/index.ts";
import { courtOf, verifyEvidence } from "../../ledger/evidence/index.ts";
import { parseSite } from "../../ledger/management/index.ts";
import { verifyReceipt } from "../../ledger/receipt/index.ts";
import { decodeStatement, encodeStatement } from "../../ledger/statement/index.ts";
import { falsehood } from "../evidence/site.ts";
import { computeVectors } from "./compute.ts";

const computed = computeVectors();
type Name = keyof typeof computed;

const frozen = async (name: Name): Promise<unknown> =>
  JSON.parse(await readFile(join(import.meta.dirname, `${name}.json`), "utf8"));

const bytesOf = (hex: string): Uint8Array => fromHex(hex) ?? new Uint8Array();

for (const name of Object.keys(computed) as Name[]) {
  test(`the frozen vectors of ${name} have not changed by a byte: a change needs a new format version`, async (t) => {
    t.deepEqual(await frozen(name), JSON.parse(JSON.stringify(computed[name])));
  });
}

test("the frozen statements, bundles, site, receipts and evidence are read from their files alone", async (t) => {
  const parsed = parseSite(await frozen("site"));
  if (parsed.kind === "reject") return t.fail(parsed.reason);
  for (const { hex } of (await frozen("statement")) as typeof computed.statement) {
    const decoded = decodeStatement(bytesOf(hex));
    t.is(decoded.kind === "accept" ? toHex(encodeStatement(decoded.statement)) : decoded.reason, hex);
  }
  for (const { cose, statements, hash } of (await frozen("bundle")) as typeof computed.bundle) {
    t.like(openBundle(bytesOf(cose), statements.map(bytesOf)), { kind: "accept", bundle: { hash } });
  }
  for (const { hex, gateway, fault, deed } of (await frozen("evidence")) as typeof computed.evidence) {
    const verified = verifyEvidence(bytesOf(hex), () => courtOf(parsed.site, falsehood));
    t.deepEqual(verified, { kind: "valid", gateway, fault, deed } as typeof verified);
  }
  for (const { hex, number } of (await frozen("receipt")) as typeof computed.receipt) {
    t.like(verifyReceipt(bytesOf(hex), parsed.site), { kind: "valid", summary: { number } });
  }
});
