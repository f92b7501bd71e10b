import test from "ava";
import { type CborValue, decode, encode } from "../../ledger/cbor/index.ts";
import { fromBase64, fromHex, sha256, sign, toBase64 } from "../../ledger/crypto/index.ts";
import { encodeCose, partsOf } from "../../ledger/bundle/index.ts";
import {
  cosign,
  formatNote,
  formatTlogProof,
  type Note,
  parseNote,
  parseTlogProof,
  verifierKey,
} from "../../ledger/log/index.ts";
import { siteOf } from "../../ledger/management/index.ts";
import { buildReceipt, type Check, type VerifiedReceipt, verifyReceipt } from "../../ledger/receipt/index.ts";
import { encodeStatement } from "../../ledger/statement/index.ts";
import { fixedKey, fixedReceiptInput, fixedSite, fixedStatement, START_MS } from "../vectors/site.ts";

const site = fixedSite();
const receipt = buildReceipt(fixedReceiptInput(3));

type Members = Map<string, CborValue>;

function edited(edit: (members: Members) => void, original = receipt): VerifiedReceipt {
  const decoded = decode(original);
  if (decoded.kind === "reject" || !(decoded.value instanceof Map)) throw new Error("no receipt");
  edit(decoded.value as Members);
  return verifyReceipt(encode(decoded.value), site);
}

const proofEdited = (edit: (proof: string) => string) =>
  edited((members) => members.set("proof", edit(members.get("proof") as string)));

const noteEdited = (edit: (note: Note) => Note) =>
  proofEdited((text) => {
    const parsed = parseTlogProof(text);
    if (parsed.kind === "reject") throw new Error(parsed.reason);
    const note = parseNote(parsed.proof.checkpoint);
    if (note.kind === "reject") throw new Error(note.reason);
    return formatTlogProof({ ...parsed.proof, checkpoint: formatNote(edit(note.note)) });
  });

const coseEdited = (edit: (unprotected: Map<number | string, CborValue>) => void, payload: Uint8Array | null = null) =>
  edited((members) => {
    const parts = partsOf(members.get("signature") as Uint8Array);
    if (parts.kind === "reject") throw new Error(parts.reason);
    const unprotected = new Map(parts.unprotected);
    edit(unprotected);
    members.set(
      "signature",
      encodeCose(parts.protectedHeader, unprotected as Map<number, CborValue>, payload, parts.signature),
    );
  });

const inclusion = (size: CborValue, index: CborValue, path: CborValue, more: CborValue[] = []) =>
  new Map<number, CborValue>([[-1, [encode([size, index, path, ...more])]]]);

/** The inclusion proof that the receipt carries. */
function carried(): { size: number; index: number; path: Uint8Array[] } {
  const decoded = decode(receipt);
  const file = decoded.kind === "accept" ? (decoded.value as Members) : new Map<string, CborValue>();
  const parts = partsOf(file.get("signature") as Uint8Array);
  const proofs =
    parts.kind === "accept"
      ? (parts.unprotected.get(396) as Map<number, Uint8Array[]>)
      : new Map<number, Uint8Array[]>();
  const inner = decode(proofs.get(-1)?.[0] ?? new Uint8Array());
  const [size, index, path] = inner.kind === "accept" ? (inner.value as [number, number, Uint8Array[]]) : [0, 0, []];
  return { size, index, path };
}
const { size, index, path } = carried();

const otherStatement = (): Uint8Array => {
  const statement = fixedStatement(3);
  return encodeStatement({
    ...statement,
    measurement: { ...statement.measurement, mass: { mantissa: 12_360, exponent: -3 } },
  });
};

/** The checkpoint signed anew by somebody who holds the key named, or does not. */
function cosignedBy(name: string, secret: string, seconds = START_MS / 1000) {
  return (note: Note) => {
    const key = fixedKey(secret);
    return cosign(verifierKey(name, 4, key.publicKey), (message) => sign(key, message), note.body, seconds);
  };
}
const ascending = (note: Note): Note => ({
  ...note,
  signatures: note.signatures.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
});

type Attack = readonly [name: string, attack: () => VerifiedReceipt, check: Check, reason: RegExp];

const ATTACKS: readonly Attack[] = [
  ["not a file of ours", () => verifyReceipt(Buffer.from("{}"), site), "format", /./],
  ["nothing", () => verifyReceipt(new Uint8Array(), site), "format", /./],
  [
    "another version",
    () => edited((members) => members.set("format", "tallystick-receipt/v2")),
    "format",
    /tallystick-receipt\/v1/,
  ],
  ["a member too many", () => edited((members) => members.set("note", "hello")), "format", /tallystick-receipt\/v1/],
  ["a member missing", () => edited((members) => members.delete("proof")), "format", /./],
  [
    "a statement that is no statement",
    () => edited((members) => members.set("statement", Uint8Array.of(0x80))),
    "statement",
    /SenML/,
  ],
  [
    "a heavier item",
    () => edited((members) => members.set("statement", otherStatement())),
    "gateway signature",
    /key of north/,
  ],
  [
    "the statement before it",
    () => edited((members) => members.set("statement", encodeStatement(fixedStatement(2)))),
    "gateway signature",
    /key of north/,
  ],
  [
    "a signature over something else",
    () =>
      edited((members) => {
        const parts = partsOf(members.get("signature") as Uint8Array);
        if (parts.kind === "reject") throw new Error(parts.reason);
        members.set(
          "signature",
          encodeCose(
            parts.protectedHeader,
            parts.unprotected as Map<number, CborValue>,
            null,
            sign(fixedKey("south bundles"), Uint8Array.of(1)),
          ),
        );
      }),
    "gateway signature",
    /key of north/,
  ],
  [
    "an attached payload",
    () => coseEdited(() => undefined, new Uint8Array(32)),
    "format",
    /inclusion proof and no payload/,
  ],
  [
    "a second unprotected label",
    () => coseEdited((unprotected) => unprotected.set(4, Uint8Array.of(1))),
    "format",
    /exactly one inclusion proof/,
  ],
  [
    "a second inclusion proof",
    () =>
      coseEdited((unprotected) =>
        unprotected.set(396, new Map([[-1, [encode([size, index, path]), encode([size, index, path])]]])),
      ),
    "format",
    /exactly one/,
  ],
  [
    "a consistency proof beside it",
    () =>
      coseEdited((unprotected) =>
        unprotected.set(
          396,
          new Map([
            [-1, [encode([size, index, path])]],
            [-2, []],
          ]),
        ),
      ),
    "format",
    /exactly one/,
  ],
  ["no proof", () => coseEdited((unprotected) => unprotected.delete(396)), "format", /exactly one/],
  [
    "a fourth value in the proof",
    () => coseEdited((unprotected) => unprotected.set(396, inclusion(size, index, path, [0]))),
    "format",
    /exactly one/,
  ],
  [
    "a path of another size",
    () => coseEdited((unprotected) => unprotected.set(396, inclusion(size + 1, index, path))),
    "position in bundle",
    /path is for 4/,
  ],
  [
    "another index",
    () => coseEdited((unprotected) => unprotected.set(396, inclusion(size, (index + 1) % size, path))),
    "position in bundle",
    /./,
  ],
  [
    "an index outside",
    () => coseEdited((unprotected) => unprotected.set(396, inclusion(size, size, path))),
    "position in bundle",
    /./,
  ],
  [
    "a negative index",
    () => coseEdited((unprotected) => unprotected.set(396, inclusion(size, -1, path))),
    "position in bundle",
    /./,
  ],
  [
    "a path too long",
    () => coseEdited((unprotected) => unprotected.set(396, inclusion(size, index, [...path, new Uint8Array(32)]))),
    "position in bundle",
    /./,
  ],
  [
    "a path with another hash",
    () => coseEdited((unprotected) => unprotected.set(396, inclusion(size, index, path.with(0, new Uint8Array(32))))),
    "gateway signature",
    /./,
  ],
  ["a proof text with a line feed more", () => proofEdited((proof) => `${proof}\n`), "format", /./],
  [
    "a proof text with an extra line",
    () => proofEdited((proof) => proof.replace("index", "extra AAAA\nindex")),
    "format",
    /./,
  ],
  [
    "another leaf index",
    () => proofEdited((proof) => proof.replace(/index \d+/, "index 0")),
    "inclusion in log",
    /leaf 0/,
  ],
  [
    "a leaf index outside the log",
    () => proofEdited((proof) => proof.replace(/index \d+/, "index 12")),
    "inclusion in log",
    /./,
  ],
  [
    "another log hash",
    () => proofEdited((proof) => proof.replace(/(index \d+\n)[^\n]+/, `$1${toBase64(new Uint8Array(32))}`)),
    "inclusion in log",
    /./,
  ],
  [
    "another origin",
    () => noteEdited((note) => ({ ...note, body: note.body.replace("harbour", "airport") })),
    "checkpoint",
    /tallystick\/airport/,
  ],
  [
    "an extension line",
    () => noteEdited((note) => ({ ...note, body: `${note.body}extra\n` })),
    "checkpoint",
    /three lines/,
  ],
  [
    "another size",
    () => noteEdited((note) => ({ ...note, body: note.body.replace("\n12\n", "\n8\n") })),
    "inclusion in log",
    /./,
  ],
  [
    // The path of leaf 1 reads the same in trees of 12 and of 16: only the cosignatures bind the size.
    "another size with a path of the same shape",
    () => noteEdited((note) => ({ ...note, body: note.body.replace("\n12\n", "\n16\n") })),
    "checkpoint quorum",
    /did not sign/,
  ],
  [
    "another root",
    () =>
      noteEdited((note) => ({ ...note, body: note.body.replace(/[^\n]+\n$/, `${toBase64(new Uint8Array(32))}\n`) })),
    "inclusion in log",
    /./,
  ],
  [
    "a signature line taken away",
    () =>
      noteEdited((note) => ({ ...note, signatures: note.signatures.filter(({ name }) => name !== "harbour/south") })),
    "checkpoint quorum",
    /2 gateways cosigned, but 3 of 4/,
  ],
  [
    "the ledger's line taken away",
    () =>
      noteEdited((note) => ({
        ...note,
        signatures: note.signatures.filter(({ name }) => name !== "notary.example/log"),
      })),
    "ledger countersignature",
    /no ledger/,
  ],
  [
    "signature lines in another order",
    () => noteEdited((note) => ({ ...note, signatures: note.signatures.toReversed() })),
    "format",
    /ascending order/,
  ],
  [
    "a signature line twice",
    () => noteEdited((note) => ({ ...note, signatures: [...note.signatures.slice(0, 1), ...note.signatures] })),
    "format",
    /ascending order/,
  ],
  [
    "a second cosignature of one gateway with another time",
    () =>
      noteEdited((note) =>
        ascending({
          ...note,
          signatures: [...note.signatures, cosignedBy("harbour/north", "north checkpoints")(note)],
        }),
      ),
    "format",
    /ascending order/,
  ],
  [
    "a signature line of a stranger",
    () =>
      noteEdited((note) =>
        ascending({ ...note, signatures: [...note.signatures, cosignedBy("stranger", "stranger")(note)] }),
      ),
    "checkpoint quorum",
    /knows no cosigner stranger/,
  ],
  [
    "a stranger under a gateway's name",
    () =>
      noteEdited((note) =>
        ascending({ ...note, signatures: [...note.signatures, cosignedBy("harbour/east", "stranger")(note)] }),
      ),
    "checkpoint quorum",
    /harbour\/east/,
  ],
  [
    "a gateway that cosigns with its bundle key",
    () =>
      noteEdited((note) =>
        ascending({ ...note, signatures: [...note.signatures, cosignedBy("harbour/east", "east bundles")(note)] }),
      ),
    "checkpoint quorum",
    /harbour\/east/,
  ],
  [
    "a false signature beside a good quorum",
    () =>
      noteEdited((note) => {
        const forged = {
          name: "harbour/east",
          keyId: cosignedBy("harbour/east", "east checkpoints")(note).keyId,
          signature: new Uint8Array(72),
        };
        return ascending({ ...note, signatures: [...note.signatures, forged] });
      }),
    "checkpoint quorum",
    /harbour\/east did not sign/,
  ],
  [
    "a later time in a cosignature",
    () =>
      noteEdited((note) => ({
        ...note,
        signatures: note.signatures.map((line) => ({
          ...line,
          signature: line.signature.with(7, (line.signature[7] ?? 0) ^ 1),
        })),
      })),
    "checkpoint quorum",
    /did not sign/,
  ],
];

for (const [name, attack, check, reason] of ATTACKS) {
  test(`V5: invalid at "${check}": ${name}`, (t) => {
    const verified = attack();
    if (verified.kind === "valid") return t.fail("valid");
    t.is(verified.check, check, verified.reason);
    t.regex(verified.reason, reason);
  });
}

test("V5: a fourth honest cosignature leaves a receipt valid", (t) => {
  const verified = noteEdited((note) =>
    ascending({ ...note, signatures: [...note.signatures, cosignedBy("harbour/east", "east checkpoints")(note)] }),
  );
  t.deepEqual(verified.kind === "valid" ? verified.summary.cosigners : verified.reason, [
    "east",
    "north",
    "south",
    "west",
  ]);
});

test('V5: invalid at "site": the receipt of another site, epoch, configuration, committee or key', (t) => {
  const { format: _, configHash: __, ...draft } = site;
  const rekeyed = fixedSite().gateways.map((gateway, at) =>
    at === 0 ? { ...gateway, tlsPin: "00".repeat(32) } : gateway,
  );
  for (const [other, reason] of [
    [siteOf({ ...draft, epoch: 2 }), /epoch 1, but the site file is of epoch 2/],
    [siteOf({ ...draft, gateways: rekeyed }), /another configuration/],
    [siteOf({ ...draft, gateways: site.gateways.slice(1), devices: [] }), /another configuration/],
  ] as const) {
    const verified = verifyReceipt(receipt, other);
    t.true(verified.kind === "invalid" && verified.check === "site" && reason.test(verified.reason));
  }
});

test('V5: invalid at "statement number": a gateway that numbers statements otherwise than their place says', (t) => {
  const input = fixedReceiptInput(0);
  const parts = partsOf(input.bundle.cose);
  if (parts.kind === "reject") return t.fail(parts.reason);
  const wrong = encodeStatement(fixedStatement(5));
  const key = fixedKey("north bundles");
  const root = sha256(Uint8Array.of(0, ...wrong));
  const signed = encode(["Signature1", parts.protectedHeader, new Uint8Array(), root]);
  const cose = encodeCose(parts.protectedHeader, new Map(), root, sign(key, signed));
  const verified = verifyReceipt(
    buildReceipt({ ...input, statement: wrong, bundle: { cose, statements: [wrong], first: 0 } }),
    site,
  );
  t.like(verified, { kind: "invalid", check: "statement number" });
});

test("V1: a receipt is never built from parts that do not belong together", (t) => {
  const input = fixedReceiptInput(3);
  t.throws(() => buildReceipt({ ...input, statement: encodeStatement(fixedStatement(0)) }), {
    message: /not in the bundle/,
  });
  t.throws(() => buildReceipt({ ...input, bundle: { ...input.bundle, cose: Uint8Array.of(1) } }), {
    message: /bundle of a receipt/,
  });
  t.throws(() => buildReceipt({ ...input, anchor: { note: "" } }), { message: /anchor of a receipt/ });
});

test("V5: base64 in the checkpoint has one spelling: the other spellings of the same bytes are refused", (t) => {
  // A hash has 32 bytes, so its last character has two free bits; a cosignature line of 76 bytes has four.
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  let tried = 0;
  proofEdited((proof) => {
    for (const match of proof.matchAll(/([A-Za-z0-9+/])(=+)(?=\n)/g)) {
      const value = alphabet.indexOf(match[1] ?? "");
      const at = match.index;
      const changed = proof.slice(0, at) + alphabet[value ^ 1] + proof.slice(at + 1);
      t.is(edited((members) => members.set("proof", changed)).kind, "invalid");
      tried += 1;
    }
    return proof;
  });
  t.true(tried >= 4);
  t.is(fromBase64("AB=="), null);
  t.is(fromHex("AB"), null);
});
