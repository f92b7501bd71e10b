/** A site that has gone on to its next epoch: what is said now, and what is still passed on from before. */
import test from "ava";
import type { Bundle } from "../../ledger/bundle/index.ts";
import type { Committee } from "../../ledger/committee/index.ts";
import { openEvidence } from "../../ledger/evidence/index.ts";
import { makeAccusations } from "../../ledger/replica/accusations.ts";
import type { Accusation } from "../../ledger/replica/index.ts";
import type { Write } from "../../ledger/store/port.ts";
import { committeeOf } from "../committee/fake.ts";
import { settled } from "../replica/site.ts";
import { ACCUSED, bundleOf, courtAt, NAMES, NEXT, statement, statements } from "./site.ts";

const LIAR = NAMES.indexOf(ACCUSED);

/** As gateway 0 sees the site's second epoch. */
function watching() {
  const files: Uint8Array[] = [];
  const told: Accusation[] = [];
  const { site, epoch, configHash } = NEXT;
  const committee: Committee = { ...committeeOf(4, 0), site, epoch, configHash, names: NAMES };
  const accusations = makeAccusations({
    committee: () => committee,
    courtIn: courtAt,
    store: { bundles: () => Promise.resolve([]) },
    recovered: [],
    write: (write: Write) => void (write.kind === "evidence" ? files.push(write.bytes) : 0),
    behind: (action) => action(),
    send: () => undefined,
    rejected: () => undefined,
    told: (accusation) => void told.push(accusation),
    turn: (act) => act(),
    watch: (work) => void work,
  });
  const hear = ({ cose, statements: bodies }: Bundle) =>
    accusations.observe(LIAR, { layer: "lane", message: { kind: "bundle", cose, statements: bodies } });
  return { accusations, hear, files, told };
}

const epochsOf = (files: readonly Uint8Array[]): readonly number[] =>
  files.map((file) => {
    const opened = openEvidence(file);
    return opened.kind === "accept" ? opened.evidence.epoch : -1;
  });

test("E6: an owner whose bundle did not make it into its epoch signs that number again in the next, and is no liar", (t) => {
  const { hear, told } = watching();
  hear(bundleOf(statements(1)));
  hear(bundleOf(statements(1), { site: NEXT }));
  t.deepEqual(told, []);
  hear(bundleOf(statements(2), { site: NEXT }));
  t.is(told.length, 1, "unless it signs it twice");
});

test("E3, E7: two bundles of an epoch that is over are evidence of that epoch", (t) => {
  const { hear, told, files } = watching();
  hear(bundleOf(statements(1)));
  hear(bundleOf(statements(2)));
  t.deepEqual(
    told.map(({ about }) => about),
    ["signed two different bundles numbered 0"],
  );
  t.deepEqual(epochsOf(files), [NEXT.epoch - 1]);
});

test("E5: a false bundle is judged by the rules of its own epoch", async (t) => {
  const { accusations, told, files } = watching();
  accusations.refused(LIAR, bundleOf([statement(0, { grams: 70_000 })]));
  await settled();
  t.is(told.length, 1);
  t.deepEqual(epochsOf(files), [NEXT.epoch - 1]);
});
