import test from "ava";
import { buildReceipt, CHECKS, unpackReceipt, verifyReceipt } from "../../ledger/receipt/index.ts";
import { fixedReceiptInput, fixedSite } from "../vectors/site.ts";

const site = fixedSite();

/** Statements alone in their bundle, in a bundle of three, and in one of five: empty, odd and even paths. */
const NUMBERS = [0, 1, 2, 3, 4, 8];

test("V1: the receipt of every position in a bundle is valid and says what was agreed", (t) => {
  for (const number of NUMBERS) {
    const verified = verifyReceipt(buildReceipt(fixedReceiptInput(number)), site);
    t.like(verified, {
      kind: "valid",
      summary: {
        site: "harbour",
        gateway: "north",
        number,
        item: `PARCEL-${number}`,
        massGrams: String(12_340 + number * 5),
        size: 12,
        cosigners: ["north", "south", "west"],
        ledgers: [{ name: "notary.example/log", timeSeconds: 1_790_000_005 }],
      },
    });
  }
});

test("V1: the same parts give the same bytes", (t) => {
  t.deepEqual(buildReceipt(fixedReceiptInput(4)), buildReceipt(fixedReceiptInput(4)));
});

test("V5: every byte of a receipt matters: no change of a single byte leaves it valid, and each failure names its check", (t) => {
  const seen = new Set<string>();
  for (const number of [0, 3]) {
    const receipt = buildReceipt(fixedReceiptInput(number));
    for (let at = 0; at < receipt.length; at += 1) {
      // A different third change at each byte, without randomness that nobody could repeat.
      for (const change of [0x01, 0x80, 0x20, 1 + ((at * 151) % 255)]) {
        const changed = Uint8Array.from(receipt);
        changed[at] = (changed[at] ?? 0) ^ change;
        const verified = verifyReceipt(changed, site);
        if (verified.kind === "valid") t.fail(`byte ${at} xor ${change} leaves the receipt of ${number} valid`);
        else seen.add(verified.check);
      }
    }
  }
  t.true(seen.size >= 7, [...seen].join(", "));
  for (const check of seen) t.true((CHECKS as readonly string[]).includes(check));
});

test("V1: a receipt cut short or continued at any place is invalid", (t) => {
  const receipt = buildReceipt(fixedReceiptInput(3));
  for (let length = 0; length < receipt.length; length += 1) {
    t.is(verifyReceipt(receipt.subarray(0, length), site).kind, "invalid");
  }
  t.is(verifyReceipt(Uint8Array.from([...receipt, 0]), site).kind, "invalid");
});

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

test("V6: a receipt unpacks into files that belong together", (t) => {
  const input = fixedReceiptInput(3);
  const unpacked = unpackReceipt(buildReceipt(input));
  if (unpacked.kind === "reject") return t.fail(unpacked.reason);
  const { files } = unpacked;
  t.deepEqual(Object.keys(files), [
    "statement.cbor",
    "statement.cose",
    "bundle.tlog-proof",
    "bundle.cose",
    "anchor.json",
  ]);
  t.deepEqual(files["statement.cbor"], input.statement);
  t.deepEqual(files["bundle.cose"], input.bundle.cose);
  t.regex(text(files["bundle.tlog-proof"]), /^c2sp\.org\/tlog-proof@v1\nindex 1\n/);
  t.like(JSON.parse(text(files["anchor.json"])), {
    format: "tallystick-anchor/v1",
    origin: "tallystick/harbour",
    size: 12,
    cosignatures: [
      { name: "harbour/north" },
      { name: "harbour/south" },
      { name: "harbour/west" },
      { name: "notary.example/log" },
    ],
  });
});

test("V6: what is no receipt does not unpack", (t) => {
  t.is(unpackReceipt(new Uint8Array()).kind, "reject");
  t.is(unpackReceipt(Buffer.from("tallystick")).kind, "reject");
});
