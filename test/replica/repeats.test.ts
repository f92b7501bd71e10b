import test from "ava";
import { makeRepeats } from "../../ledger/replica/repeats.ts";
import { inEpoch, sealMessage } from "../../ledger/replica/wire.ts";
import { hashOfText } from "../committee/fake.ts";
import { encodeMessage, type Vote } from "../../ledger/message/index.ts";

function certificate(vote: Vote, signer = 0): Uint8Array {
  const signatures = [{ voter: signer, signature: new Uint8Array(64).fill(signer) }];
  return sealMessage({ layer: "agreement", message: { kind: "certificate", certificate: { vote, signatures } } });
}

const hash = hashOfText("a block");
const VIEWS = [1, 23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 50];
const votes = VIEWS.flatMap((view): readonly Vote[] => [
  { kind: "notarize", view, hash },
  { kind: "nullify", view },
  { kind: "finalize", view, hash },
]);

test("A14: a certificate that is held is known by its first bytes, whoever signed the other copy", (t) => {
  for (const vote of votes) {
    const repeats = makeRepeats();
    repeats.add(certificate(vote, 1));
    t.true(repeats.has(certificate(vote, 2)));
    for (const other of votes) t.is(repeats.has(certificate(other, 2)), other === vote);
    t.false(repeats.has(certificate(vote).subarray(0, 20)));
  }
});

test("A14: a certificate of another block of the view is not taken for it, nor any other message", (t) => {
  const repeats = makeRepeats();
  repeats.add(certificate({ kind: "notarize", view: 7, hash }));
  t.false(repeats.has(certificate({ kind: "notarize", view: 7, hash: hashOfText("another block") })));
  t.false(repeats.has(sealMessage({ layer: "agreement", message: { kind: "fetch", after: 7 } })));
  t.false(repeats.has(new Uint8Array()));
});

test("A14: the newest sixteen are remembered", (t) => {
  const repeats = makeRepeats();
  for (let view = 1; view <= 20; view += 1) repeats.add(certificate({ kind: "nullify", view }));
  t.deepEqual(
    [4, 5, 20].map((view) => repeats.has(certificate({ kind: "nullify", view }))),
    [false, true, true],
  );
});

test("A14: a certificate is known in the epoch in which it was held, and the bytes on disk become those of a link", (t) => {
  const vote: Vote = { kind: "finalize", view: 300, hash };
  const message = { kind: "certificate", certificate: { vote, signatures: [] } } as const;
  for (const epoch of [0, 1, 23, 24, 255, 256, 70_000]) {
    const wired = sealMessage({ layer: "agreement", message }, epoch);
    t.deepEqual(inEpoch(encodeMessage(message), epoch), wired);
    const repeats = makeRepeats();
    repeats.add(wired);
    t.true(repeats.has(wired));
    t.false(repeats.has(sealMessage({ layer: "agreement", message }, epoch + 1)));
  }
});
