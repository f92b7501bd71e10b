import test from "ava";
import fc from "fast-check";
import { importRawKey, sha256, sign, toBase64, verify } from "../../ledger/crypto/index.ts";
import {
  cosign,
  formatCheckpoint,
  formatNote,
  formatTlogProof,
  formatVkey,
  type NoteSignature,
  parseCheckpoint,
  parseNote,
  parseTlogProof,
  parseVkey,
  verifierKey,
  verifyCosignature,
} from "../../ledger/log/index.ts";
import { fixedKey } from "../vectors/site.ts";

const secret = fixedKey("witness");
const key = verifierKey("harbour/north", 4, secret.publicKey);
const body = formatCheckpoint({ origin: "tallystick/harbour", size: 12, root: "ab".repeat(32) });
const signature = cosign(key, (message) => sign(secret, message), body, 1_790_000_000);
const note = formatNote({ body, signatures: [signature] });

test("M6: a checkpoint is origin, size and root, a line each", (t) => {
  t.is(body, `tallystick/harbour\n12\n${toBase64(new Uint8Array(32).fill(0xab))}\n`);
  t.deepEqual(parseCheckpoint(body), {
    kind: "accept",
    checkpoint: { origin: "tallystick/harbour", size: 12, root: "ab".repeat(32) },
  });
});

test("M6: any checkpoint survives", (t) => {
  fc.assert(
    fc.property(
      fc.stringMatching(/^[!-~]{1,60}$/),
      fc.maxSafeNat(),
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      (origin, size, root) => {
        const checkpoint = { origin, size, root: Buffer.from(root).toString("hex") };
        t.deepEqual(parseCheckpoint(formatCheckpoint(checkpoint)), { kind: "accept", checkpoint });
      },
    ),
    { numRuns: 100 },
  );
});

const rootText = toBase64(new Uint8Array(32).fill(0xab));
for (const [name, text] of [
  ["a leading zero", `o\n012\n${rootText}\n`],
  ["a plus sign", `o\n+12\n${rootText}\n`],
  ["hexadecimal", `o\n0x12\n${rootText}\n`],
  ["a size beyond 2^53", `o\n9007199254740993\n${rootText}\n`],
  ["no origin", `\n12\n${rootText}\n`],
  ["a space in the origin", `a b\n12\n${rootText}\n`],
  ["an extension line", `o\n12\n${rootText}\nextra\n`],
  ["no last line feed", `o\n12\n${rootText}`],
  ["carriage returns", `o\r\n12\r\n${rootText}\r\n`],
  ["a short root", `o\n12\n${toBase64(new Uint8Array(31))}\n`],
  ["stray padding bits", `o\n12\n${rootText.slice(0, -2)}t=\n`],
  ["nothing", ""],
] as const) {
  test(`M6: refused: ${name}`, (t) => {
    t.is(parseCheckpoint(text).kind, "reject");
  });
}

test("M6: a checkpoint without a spelling is a bug of the caller", (t) => {
  t.throws(() => formatCheckpoint({ origin: "a\nb", size: 1, root: "ab".repeat(32) }));
  t.throws(() => formatCheckpoint({ origin: "a", size: -1, root: "ab".repeat(32) }));
  t.throws(() => formatCheckpoint({ origin: "a", size: 1, root: "AB".repeat(32) }));
});

test("M7: a note comes back as it was, signatures in order", (t) => {
  const other: NoteSignature = {
    name: "notary.example/log",
    keyId: Uint8Array.of(1, 2, 3, 4),
    signature: new Uint8Array(72),
  };
  const text = formatNote({ body, signatures: [other, signature] });
  t.deepEqual(parseNote(text), { kind: "accept", note: { body, signatures: [other, signature] } });
});

for (const [name, text] of [
  ["no signature", `${body}\n`],
  ["no blank line", body],
  ["a hyphen for the dash", note.replace("\u2014", "-")],
  ["two spaces", note.replace("\u2014 ", "\u2014  ")],
  ["a name with a plus sign", note.replace("harbour/north", "harbour+north")],
  ["a name with a no-break space", note.replace("harbour/north", "harbour\u00a0north")],
  ["no name", note.replace("harbour/north", "")],
  ["nothing behind the key id", note.replace(/[^ ]+\n$/, "AAAAAA==\n")],
  ["no base64 padding", note.replace(/=+\n$/, "\n").replace(/A\n$/, "\n")],
  ["a third field", note.replace(/\n$/, " x\n")],
  ["no last line feed", note.slice(0, -1)],
  ["an empty line at the end", `${note}\n`],
  ["text behind the signatures", `${note}x`],
  ["carriage returns", note.replaceAll("\n", "\r\n")],
  ["more than the limit", `${"x".repeat(2 ** 18)}${note}`],
] as const) {
  test(`M7: refused: ${name}`, (t) => {
    t.is(parseNote(text).kind, "reject");
  });
}

test("M7: any text is answered, and what is accepted is its own spelling", (t) => {
  fc.assert(
    fc.property(fc.nat(note.length), fc.string({ maxLength: 3 }), fc.nat(3), (at, insert, remove) => {
      const text = note.slice(0, at) + insert + note.slice(at + remove);
      const parsed = parseNote(text);
      return parsed.kind === "reject" || formatNote(parsed.note) === text;
    }),
    { numRuns: 1000 },
  );
  t.pass();
});

test("M8: a cosignature covers body and time, and holds for its key only", (t) => {
  t.deepEqual(verifyCosignature(key, body, signature), { kind: "accept", timeSeconds: 1_790_000_000 });
  const raw = signature.signature;
  t.true(verify(secret.publicKey, Buffer.from(`cosignature/v1\ntime 1790000000\n${body}`), raw.slice(8)));
  t.is(verifyCosignature(key, body.replace("12", "13"), signature).kind, "reject");
  for (let at = 0; at < raw.length; at += 1) {
    const changed = Uint8Array.from(raw);
    changed[at] = (changed[at] ?? 0) ^ 1;
    t.is(verifyCosignature(key, body, { ...signature, signature: changed }).kind, "reject", `byte ${at}`);
  }
  t.is(verifyCosignature(key, body, { ...signature, name: "harbour/south" }).kind, "reject");
  t.is(verifyCosignature(key, body, { ...signature, keyId: Uint8Array.of(0, 0, 0, 0) }).kind, "reject");
  t.is(verifyCosignature(key, body, { ...signature, signature: raw.slice(1) }).kind, "reject");
  const other = verifierKey("harbour/north", 4, importRawKey(sha256(Buffer.from("x"))).publicKey);
  t.is(verifyCosignature(other, body, { ...signature, keyId: other.keyId }).kind, "reject");
});

test("M5: a key of type 01 never cosigns and never verifies a cosignature", (t) => {
  const wrong = verifierKey("harbour/north", 1, secret.publicKey);
  t.throws(() => cosign(wrong, (message) => sign(secret, message), body, 0), { message: /type 1/ });
  t.is(verifyCosignature(wrong, body, { ...signature, keyId: wrong.keyId }).kind, "reject");
});

test("M5: the verifier key of the signed-note specification's example reads and is written the same", (t) => {
  // golang.org/x/mod/sumdb/note, Example: PeterNeumann.
  const text = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
  const parsed = parseVkey(text);
  if (parsed.kind === "reject") return t.fail(parsed.reason);
  t.is(parsed.key.name, "PeterNeumann");
  t.is(parsed.key.type, 1);
  t.is(formatVkey(parsed.key), text);
});

test("M5: every verifier key survives, and a changed one is refused", (t) => {
  for (const type of [1, 4] as const) {
    const text = formatVkey(verifierKey("harbour/north", type, secret.publicKey));
    const parsed = parseVkey(text);
    t.true(parsed.kind === "accept" && formatVkey(parsed.key) === text);
    for (let at = 0; at < text.length; at += 1) {
      const changed = text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1);
      t.is(parseVkey(changed).kind, "reject", changed);
    }
    for (const wrong of ["", "+", "++", `${text}+`, ` ${text}`, text.toUpperCase(), text.slice(0, -1), `${text}=`]) {
      t.is(parseVkey(wrong).kind, "reject", wrong);
    }
  }
  t.throws(() => verifierKey("a b", 4, secret.publicKey), { message: /a b/ });
});

test("M9: a tlog-proof comes back as it was", (t) => {
  for (const path of [[], [sha256(Buffer.from(body))], [new Uint8Array(32), new Uint8Array(32).fill(7)]]) {
    const proof = { index: 3, path, checkpoint: note };
    t.deepEqual(parseTlogProof(formatTlogProof(proof)), { kind: "accept", proof });
  }
});

const proofText = formatTlogProof({ index: 3, path: [new Uint8Array(32).fill(7)], checkpoint: note });
for (const [name, text] of [
  ["another version", proofText.replace("@v1", "@v2")],
  ["an extra line", proofText.replace("index", "extra AAAA\nindex")],
  ["an index with a leading zero", proofText.replace("index 3", "index 03")],
  ["an index beyond 2^53", proofText.replace("index 3", "index 9007199254740993")],
  ["no index", proofText.replace("index 3\n", "")],
  ["a hash of 31 bytes", proofText.replace(/\n[^\n]+\n\n/, `\n${toBase64(new Uint8Array(31))}\n\n`)],
  ["a hash without padding", proofText.replace("=\n\n", "\n\n")],
  [
    "54 hashes",
    formatTlogProof({ index: 0, path: Array.from({ length: 54 }, () => new Uint8Array(32)), checkpoint: note }),
  ],
  ["no checkpoint", proofText.slice(0, proofText.indexOf("\n\n"))],
  ["a byte order mark", `\ufeff${proofText}`],
] as const) {
  test(`M9: refused: ${name}`, (t) => {
    t.is(parseTlogProof(text).kind, "reject");
  });
}
