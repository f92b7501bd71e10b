import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { anchorOnEmbedded, startEmbeddedLedger } from "../../ledger/anchor/index.ts";
import { sign, toHex } from "../../ledger/crypto/index.ts";
import {
  consistencyProof,
  cosign,
  formatCheckpoint,
  formatNote,
  leafHash,
  nodeHash,
  treeRoot,
} from "../../ledger/log/index.ts";
import {
  type ApprovedSite,
  approvalBytes,
  type Lineage,
  lineageJson,
  lineageOf,
  originOf,
  type Site,
  siteOf,
  verifierKey,
} from "../../ledger/management/index.ts";
import { siteLog } from "./site-log.ts";
import { fixedGateway, fixedKey, fixedSite, GATEWAYS } from "../vectors/site.ts";

/** Epoch 1 with four gateways, and epoch 2, in which all have new keys. */
const first = fixedSite();
const origin = originOf(first.site);
const renewed = (life: string): Site => {
  const { configHash: previous, format: _, ...document } = first;
  const gateways = GATEWAYS.map((name) => fixedGateway(name, life));
  return siteOf({ ...document, gateways, epoch: first.epoch + 1, previous });
};
const approved = (site: Site): ApprovedSite => ({
  site,
  approvals: GATEWAYS.slice(0, 3).map((name, voter) => ({
    voter,
    signature: sign(fixedKey(`${name} bundles`), approvalBytes(first, site.configHash)),
  })),
});
const lineage: Lineage = [...lineageOf(first), approved(renewed(" again"))];
const siteJson = (): string => JSON.stringify(lineageJson(lineage));

const leaf = (index: number): Uint8Array => leafHash(new TextEncoder().encode(`leaf ${index}`));
const node = (level: number, index: number): Uint8Array =>
  level === 0 ? leaf(index) : nodeHash(node(level - 1, 2 * index), node(level - 1, 2 * index + 1));
const consistency = async (from: number, to: number): Promise<readonly Uint8Array[]> =>
  consistencyProof(node, from, to);

function note(size: number, life: string): string {
  const root = toHex(treeRoot(Array.from({ length: size }, (_, index) => leaf(index))));
  const body = formatCheckpoint({ origin, size, root });
  const signatures = GATEWAYS.slice(0, 3).map((name) => {
    const key = fixedKey(`${name} checkpoints${life}`);
    return cosign(
      verifierKey(`harbour/${name}`, 4, key.publicKey),
      (message) => sign(key, message),
      body,
      1_700_000_000,
    );
  });
  return formatNote({ body, signatures });
}

function directory(t: ExecutionContext): string {
  const dir = mkdtempSync(join(tmpdir(), "tallystick-ledger-"));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

const tell = async (url: string, json: string): Promise<number> =>
  (await fetch(`${url}/site`, { method: "POST", body: json })).status;

test("E8: a gateway brings the history that the ledger lacks, and from then on the keys that went sign nothing", async (t) => {
  const dir = directory(t);
  const ledger = await startEmbeddedLedger({ dir, port: 0, sites: [lineageOf(first)] });
  const anchor = anchorOnEmbedded({ url: ledger.url, ledgerKey: ledger.vkey, origin, siteJson });
  const silent = anchorOnEmbedded({ url: ledger.url, ledgerKey: ledger.vkey, origin });
  t.is((await silent.submit({ note: note(2, ""), consistency })).kind, "anchored");
  t.is((await silent.submit({ note: note(4, " again"), consistency })).kind, "refused");
  // What was agreed on before the change may still be on its way.
  t.is(await tell(ledger.url, siteJson()), 200);
  t.is((await silent.submit({ note: note(3, ""), consistency })).kind, "anchored");
  t.is((await anchor.submit({ note: note(5, " again"), consistency })).kind, "anchored");
  t.is((await silent.submit({ note: note(6, ""), consistency })).kind, "refused");
  await ledger.close();
  const again = await startEmbeddedLedger({ dir, port: 0, sites: [lineageOf(first)] });
  t.teardown(() => again.close());
  const after = anchorOnEmbedded({ url: again.url, ledgerKey: again.vkey, origin });
  t.is(
    (await after.submit({ note: note(6, ""), consistency })).kind,
    "refused",
    "nor after a start with the old SITE.json",
  );
  t.is((await after.submit({ note: note(7, " again"), consistency })).kind, "anchored");
});

test("E8: without being told of it a gateway's 403 is answered with the history, once", async (t) => {
  const ledger = await startEmbeddedLedger({ dir: directory(t), port: 0, sites: [lineageOf(first)] });
  t.teardown(() => ledger.close());
  const anchor = anchorOnEmbedded({ url: ledger.url, ledgerKey: ledger.vkey, origin, siteJson });
  t.is((await anchor.submit({ note: note(4, " again"), consistency })).kind, "anchored");
  const stranger = await anchor.submit({ note: note(5, " forged"), consistency });
  t.is(stranger.kind, "refused");
});

test("E8: a history that does not continue the known one, or that nobody approved, is refused", async (t) => {
  const dir = directory(t);
  const ledger = await startEmbeddedLedger({ dir, port: 0, sites: [lineageOf(first)] });
  t.teardown(() => ledger.close());
  const json = (one: Lineage): string => JSON.stringify(lineageJson(one));
  t.is(await tell(ledger.url, "{"), 400);
  t.is(await tell(ledger.url, json([...lineageOf(first), { ...approved(renewed(" forged")), approvals: [] }])), 400);
  t.is(await tell(ledger.url, json(lineageOf(renewed(" forged")))), 403, "cut off from its beginning");
  const elsewhere = siteLog("elsewhere").site;
  t.is(await tell(ledger.url, json(lineageOf(elsewhere))), 404);
  t.is(await tell(ledger.url, siteJson()), 200);
  t.is(await tell(ledger.url, json([...lineageOf(first), approved(renewed(" forged"))])), 403);
  t.is(await tell(ledger.url, json(lineageOf(first))), 200, "an older one is no news");
  await ledger.close();
  const other = [...lineageOf(first), approved(renewed(" forged"))] as const;
  await t.throwsAsync(startEmbeddedLedger({ dir, port: 0, sites: [other] }), {
    code: "LEDGER_RECORDS_UNUSABLE",
    message: /contradicts/,
  });
});
