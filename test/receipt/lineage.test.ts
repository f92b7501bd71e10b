/** V8: receipts outlive the configuration under which they were made. */
import test from "ava";
import { sign } from "../../ledger/crypto/index.ts";
import { cosign, formatNote } from "../../ledger/log/index.ts";
import { formatVkey, type Site, siteOf, verifierKey } from "../../ledger/management/index.ts";
import { buildReceipt, verifyReceipt } from "../../ledger/receipt/index.ts";
import { fixedGateway, fixedKey, fixedReceiptInput, fixedSite, START_MS } from "../vectors/site.ts";

const first = fixedSite();

function follow(site: Site, change: Partial<Pick<Site, "gateways" | "devices" | "ledgers">>): Site {
  const { configHash, format: _, ...rest } = site;
  return siteOf({ ...rest, epoch: site.epoch + 1, previous: configHash, ...change });
}

/** south has new keys, east has left, pier has joined: of north, south, west and pier three are a quorum. */
const second = follow(first, {
  gateways: [
    ...first.gateways.map((gateway) => {
      if (gateway.name === "south") return fixedGateway("south", " again");
      return gateway.name === "east" ? { ...gateway, left: true as const } : gateway;
    }),
    fixedGateway("pier"),
  ],
});

/** "south again" signs with the new key of south. */
function receiptSignedBy(...signers: readonly string[]): Uint8Array {
  const input = fixedReceiptInput(3);
  const body = input.anchor.note.slice(0, input.anchor.note.indexOf("\n\n") + 1);
  const signatures = [...signers, "notary"].map((signer) => {
    const [name = "", life = ""] = signer.split(" ");
    const ledger = name === "notary";
    const key = fixedKey(ledger ? "notary" : `${name} checkpoints${life === "" ? "" : " again"}`);
    const called = ledger ? "notary.example/log" : `harbour/${name}`;
    return cosign(verifierKey(called, 4, key.publicKey), (message) => sign(key, message), body, START_MS / 1000);
  });
  return buildReceipt({ ...input, anchor: { note: formatNote({ body, signatures }) } });
}

test("V8: a receipt of an earlier epoch is valid with the newest SITE.json and its history, and not without", (t) => {
  const receipt = receiptSignedBy("north", "south", "west");
  t.is(verifyReceipt(receipt, first).kind, "valid");
  t.is(verifyReceipt(receipt, second, [first]).kind, "valid");
  t.like(verifyReceipt(receipt, second), { kind: "invalid", check: "site" });
});

test("V8: a bundle of an earlier epoch whose checkpoint the keys of a later one cosigned is valid", (t) => {
  const later = verifyReceipt(receiptSignedBy("north", "south again", "pier"), second, [first]);
  t.like(later, { kind: "valid", summary: { cosigners: ["north", "pier", "south"] } });
});

test("V8: the quorum is of one configuration: keys of two epochs do not add up, and who had left does not count", (t) => {
  for (const signers of [
    ["north", "south", "pier"],
    ["east", "north", "south again", "west"],
    ["north", "south again"],
  ])
    t.like(
      verifyReceipt(receiptSignedBy(...signers), second, [first]),
      { kind: "invalid", check: "checkpoint quorum" },
      signers.join(),
    );
});

test("V8: after several changes the configuration of the bundle's epoch is found among all", (t) => {
  const third = follow(second, { gateways: second.gateways });
  t.is(verifyReceipt(receiptSignedBy("north", "south", "west"), third, [second, first]).kind, "valid");
  t.like(verifyReceipt(receiptSignedBy("north", "south", "west"), third, [second]), { kind: "invalid", check: "site" });
});

test("V8: a ledger that the site has changed since still countersigns", (t) => {
  const replaced = follow(first, { ledgers: [{ ...first.ledgers[0], key: newLedger() } as Site["ledgers"][number]] });
  t.is(verifyReceipt(receiptSignedBy("north", "south", "west"), replaced, [first]).kind, "valid");
});

function newLedger(): string {
  return formatVkey(verifierKey("notary.example/log", 4, fixedKey("another notary").publicKey));
}
