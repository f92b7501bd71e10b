import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import test, { type ExecutionContext } from "ava";
import { askLedger } from "../../gateway/cli/verify-anchor.ts";
import { siteOf } from "../../ledger/management/index.ts";
import { buildReceipt, verifyReceipt } from "../../ledger/receipt/index.ts";
import { formatCheckpoint } from "../../ledger/log/index.ts";
import { fixedNote, fixedReceiptInput, fixedSite, GATEWAYS } from "../vectors/site.ts";

const site = fixedSite();
const input = fixedReceiptInput(4);
const receipt = buildReceipt(input);
const { note } = input.anchor;
const size = Number(note.split("\n")[1]);
const other = (of: number): string =>
  fixedNote(site, formatCheckpoint({ origin: "tallystick/harbour", size: of, root: "ab".repeat(32) }), GATEWAYS);

/** Asks a ledger that holds `notes`; what it has not is 404. */
async function asked(t: ExecutionContext, notes: { readonly newest?: string; readonly ofSize?: string }, of = site) {
  const server = createServer((request, response) => {
    const found = request.url?.includes("size=") === true ? notes.ofSize : notes.newest;
    response.writeHead(found === undefined ? 404 : 200).end(found);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const verified = verifyReceipt(receipt, site);
  if (verified.kind === "invalid") throw new Error(verified.reason);
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return askLedger(receipt, verified.summary, of, url);
}

test("L6: a ledger that holds the very checkpoint says so, as its newest or an older one", async (t) => {
  t.deepEqual(await asked(t, { newest: note }), { kind: "recorded", ledger: "notary" });
  t.deepEqual(await asked(t, { newest: other(size + 5), ofSize: note }), { kind: "recorded", ledger: "notary" });
});

test("L6: a ledger that signed the receipt contradicts it by another log, or by none of that size", async (t) => {
  const another = await asked(t, { newest: other(size) });
  t.like(another, { kind: "contradicted" });
  const none = await asked(t, { newest: other(size + 5) });
  t.like(none, { kind: "contradicted" });
});

test("L6: who does not prove to be a ledger that signed the receipt says nothing about it", async (t) => {
  t.like(await asked(t, {}), { kind: "unasked" });
  t.like(await asked(t, { newest: "no checkpoint" }), { kind: "unasked" });
  const { format: _format, configHash: _hash, ...draft } = site;
  t.like(await asked(t, { newest: note }, siteOf({ ...draft, ledgers: [] })), {
    kind: "unasked",
    reason: "the site names no ledger",
  });
});
