import test from "ava";
import { signedBytes } from "../../ledger/committee/index.ts";
import {
  courtOf,
  encodeEvidence,
  makeWitness,
  type Suspicion,
  type Topic,
  verifyEvidence,
  type Word,
} from "../../ledger/evidence/index.ts";
import { hashOfText } from "../committee/fake.ts";
import { bundleOf } from "../lane/gateway.ts";
import { simulatedSite } from "../sim/site.ts";
import { NO_PARENT } from "./site.ts";

const SIZE = 4;
const { site, signers, verify } = simulatedSite(SIZE);
const court = courtOf(site, () => null, { verify });

type Agreed = Extract<Topic, { readonly view: number }>["kind"];

/** What `signer` says about a view; `forged` = somebody else wrote it in its name. */
function word(signer: number, kind: Agreed, view: number, text: string, forged = false): Word {
  const value = kind === "nullify" ? "" : hashOfText(text);
  const bytes = signedBytes(site, kind, [view], value === "" ? null : value);
  const sign = signers[forged ? (signer + 1) % SIZE : signer];
  return { signer, topic: { kind, view }, value, proof: sign?.(bytes) ?? new Uint8Array() };
}

function ackWord(signer: number, lane: number, number: number, text: string): Word {
  const value = hashOfText(text);
  const proof = signers[signer]?.(signedBytes(site, "ack", [lane, number], value)) ?? new Uint8Array();
  return { signer, topic: { kind: "ack", lane, number }, value, proof };
}

const chorusOf = (words: readonly Word[]) => ({
  topic: (words[0] as Word).topic,
  value: (words[0] as Word).value,
  signatures: words.map(({ signer, proof }) => ({ voter: signer, signature: proof })),
});

/** Who did what, as whoever verifies it says. */
function proven(suspicions: readonly Suspicion[]): readonly string[] {
  return suspicions.map(({ gateway, offence }) => {
    const { epoch, configHash, names } = court;
    const file = encodeEvidence({ site: court.site, epoch, configHash, gateway: names[gateway] ?? "", offence });
    const verified = verifyEvidence(file, () => court);
    return verified.kind === "valid" ? `${verified.gateway} ${verified.deed}` : `${verified.check}: ${verified.reason}`;
  });
}

test("E7: a second, different word about one topic is found, and what is found is evidence", (t) => {
  for (const [first, second, deed] of [
    [word(1, "propose", 5, "a"), word(1, "propose", 5, "b"), "gw-2 proposed two different blocks in view 5"],
    [word(1, "notarize", 5, "a"), word(1, "notarize", 5, "b"), "gw-2 voted to notarize two different blocks in view 5"],
    [word(1, "finalize", 5, "a"), word(1, "finalize", 5, "b"), "gw-2 voted to finalize two different blocks in view 5"],
    [word(1, "finalize", 5, "a"), word(1, "nullify", 5, ""), "gw-2 voted both to finalize and to nullify view 5"],
    [word(1, "nullify", 5, ""), word(1, "finalize", 5, "a"), "gw-2 voted both to finalize and to nullify view 5"],
    [ackWord(1, 2, 7, "a"), ackWord(1, 2, 7, "b"), "gw-2 acknowledged two different bundles numbered 7 of gw-3"],
  ] as const) {
    const witness = makeWitness(court);
    t.deepEqual(witness.hear(first), []);
    t.deepEqual(proven(witness.hear(second)), [deed]);
  }
});

test("E7: two bundles of one number are found, but not two signatures over one", (t) => {
  const witness = makeWitness(court);
  const wordOf = (item: string, isSignedAgain = false): Word => {
    const { cose, hash, header } = bundleOf(2, 0, NO_PARENT, item, { isSignedAgain });
    return {
      signer: 2,
      topic: { kind: "bundle", epoch: header.epoch, number: header.number },
      value: hash,
      proof: cose,
    };
  };
  witness.hear(wordOf("one"));
  t.deepEqual(proven(witness.hear(wordOf("one", true))), [
    "offence: the bundles differ in their signatures alone, which is no offence",
  ]);
  t.deepEqual(proven(witness.hear(wordOf("other"))), ["gw-3 signed two different bundles numbered 0"]);
});

test("E7: what an honest gateway says in a view contradicts nothing, however often it says it", (t) => {
  const witness = makeWitness(court);
  const said = [
    word(1, "notarize", 5, "a"),
    word(1, "nullify", 5, ""),
    word(2, "notarize", 5, "b"),
    word(2, "finalize", 5, "a"),
  ];
  for (const one of [...said, ...said]) t.deepEqual(witness.hear(one), []);
});

test("E7: a word that its signer did not sign is no suspicion, and does not hide the ones that it did sign", (t) => {
  const witness = makeWitness(court);
  t.deepEqual(witness.hear(word(1, "notarize", 5, "made up", true)), []);
  t.deepEqual(witness.hear(word(1, "notarize", 5, "a")), []);
  t.deepEqual(witness.hear(word(1, "notarize", 5, "made up", true)), []);
  t.is(witness.hear(word(1, "notarize", 5, "b")).length, 1);
});

test("E7: what somebody passes on is compared and not remembered", (t) => {
  const witness = makeWitness(court);
  t.deepEqual(witness.compare(word(1, "propose", 5, "a")), []);
  t.deepEqual(witness.hear(word(1, "propose", 5, "b")), []);
  t.is(witness.compare(word(1, "propose", 5, "a")).length, 1);
});

test("E7: a vote that contradicts its voter's signature in a certificate is found, in either order", (t) => {
  const certificate = chorusOf([1, 2, 3].map((signer) => word(signer, "finalize", 5, "a")));
  const witness = makeWitness(court);
  t.deepEqual(witness.hearChorus(certificate), []);
  t.deepEqual(proven(witness.hear(word(2, "nullify", 5, ""))), ["gw-3 voted both to finalize and to nullify view 5"]);
  const other = makeWitness(court);
  other.hear(word(2, "nullify", 5, ""));
  t.deepEqual(proven(other.hearChorus(certificate)), ["gw-3 voted both to finalize and to nullify view 5"]);
});

test("E7: of two certificates that exclude each other everybody who stands in both is found: at least a third of the site", (t) => {
  for (const [one, other] of [
    ["finalize", "nullify"],
    ["notarize", "notarize"],
  ] as const) {
    const witness = makeWitness(court);
    witness.hearChorus(chorusOf([0, 1, 2].map((signer) => word(signer, one, 5, "a"))));
    const found = witness.hearChorus(chorusOf([1, 2, 3].map((signer) => word(signer, other, 5, "b"))));
    t.deepEqual(
      found.map(({ gateway }) => gateway),
      [1, 2],
    );
  }
  const lanes = makeWitness(court);
  lanes.hearChorus(chorusOf([0, 1].map((signer) => ackWord(signer, 3, 7, "a"))));
  const found = lanes.hearChorus(chorusOf([1, 2].map((signer) => ackWord(signer, 3, 7, "b"))));
  t.deepEqual(proven(found), ["gw-2 acknowledged two different bundles numbered 7 of gw-4"]);
});

test("E7: signatures in a certificate that nobody made convict nobody", (t) => {
  const witness = makeWitness(court);
  witness.hear(word(1, "notarize", 5, "a"));
  t.deepEqual(witness.hearChorus(chorusOf([0, 1, 2].map((signer) => word(signer, "notarize", 5, "b", true)))), []);
  t.is(witness.hear(word(1, "notarize", 5, "b")).length, 1);
});

test("E7: memory is bounded: who says very much makes its own oldest words forgotten, and nobody else's", (t) => {
  const witness = makeWitness(court);
  witness.hear(word(2, "notarize", 1, "a"));
  for (let view = 1; view <= 5000; view += 1) witness.hear(word(1, "notarize", view, "a"));
  const remembered = Array.from({ length: 5000 }, (_, index) => witness.said(1, { kind: "notarize", view: index + 1 }));
  t.is(remembered.filter((one) => one !== undefined).length, 1000);
  t.is(remembered[0], undefined);
  t.is(witness.hear(word(2, "notarize", 1, "b")).length, 1);
});

test("E7: everybody who said something is found, by word or by certificate, once", (t) => {
  const witness = makeWitness(court);
  witness.hear(ackWord(0, 3, 7, "a"));
  witness.hear(ackWord(2, 3, 7, "b"));
  witness.hearChorus(chorusOf([0, 1].map((signer) => ackWord(signer, 3, 7, "a"))));
  const sayers = witness.sayers({ kind: "ack", lane: 3, number: 7 }, hashOfText("a"));
  t.deepEqual(
    sayers.map(({ signer }) => signer),
    [0, 1],
  );
});
