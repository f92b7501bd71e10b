/** R11: who is in another epoch, and who is asked about it. */
import test from "ava";
import { makeElsewhere } from "../../ledger/replica/elsewhere.ts";

test("R11: a peer that says all the time that it is far ahead does not keep others from being asked for the chain", (t) => {
  let nowMs = 0;
  const elsewhere = makeElsewhere(() => nowMs);
  const [liar, honest] = [2, 1];
  const asked = new Map<number, number>();
  const saw = (peer: number, epoch: number) => {
    const guide = elsewhere.sawAhead(peer, epoch, 0);
    if (guide !== null) asked.set(guide, (asked.get(guide) ?? 0) + 1);
  };
  for (; nowMs < 2000; nowMs += 10) {
    saw(liar, 1_000_000);
    if (nowMs % 250 === 40) saw(honest, 1);
  }
  t.true((asked.get(honest) ?? 0) >= 8, "asked every other time");
  t.true((asked.get(liar) ?? 0) + (asked.get(honest) ?? 0) <= 20, "and not more often than every 100 ms");
  t.is(elsewhere.guideFrom(2), liar);
  t.is(elsewhere.guideFrom(1_000_001), null);
});

test("R11: what a peer says of the next epoch is kept up to 1 MiB, for each of them apart", (t) => {
  const elsewhere = makeElsewhere(() => 0);
  const bytes = new Uint8Array(400_000);
  for (const from of [1, 1, 1, 2]) elsewhere.keep(from, bytes);
  t.deepEqual(
    elsewhere.take().map(({ from }) => from),
    [1, 1, 2],
  );
  t.deepEqual(elsewhere.take(), []);
});
