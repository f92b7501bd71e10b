import test from "ava";
import { sealMessage } from "../../ledger/replica/wire.ts";
import { openMemoryStore } from "../../ledger/store/memory.ts";
import { draft, settled, start } from "./site.ts";

const SIZE = 4;
const TIPS = sealMessage(
  { layer: "lane", message: { kind: "tips", again: true, held: [1, 0, 0, 0], certificates: [] } },
  0,
);

/** Gateway 0 after a first life in which it has sealed one bundle. */
async function returned() {
  const store = openMemoryStore({ lanes: SIZE });
  const before = await start(SIZE, 0, store);
  const first = before.replica.accept(draft("first"));
  await before.wait(20);
  await first;
  await before.replica.stop();
  const watched = await start(SIZE, 0, store);
  const numbers: number[] = [];
  watched.replica.accept(draft("second")).then(
    ({ number }) => numbers.push(number),
    () => undefined,
  );
  return { watched, numbers };
}

test("R14: a gateway that has sealed before seals nothing until a quorum with it has told what it holds", async (t) => {
  const { watched, numbers } = await returned();
  await watched.wait(100);
  watched.replica.receive(1, TIPS);
  watched.replica.receive(1, TIPS);
  await watched.wait(100);
  t.deepEqual(numbers, [], "one peer is not enough, however often it tells");
  watched.replica.receive(2, TIPS);
  await watched.wait(100);
  t.deepEqual(numbers, [1]);
});

test("R14: a gateway that is alone goes on after 3 s, because offline is normal", async (t) => {
  const { watched, numbers } = await returned();
  await watched.wait(2_900);
  t.deepEqual(numbers, []);
  await watched.wait(200);
  await watched.wait(100);
  await settled();
  t.deepEqual(numbers, [1]);
});

test("R14: a gateway that has never sealed anything need not wait", async (t) => {
  const watched = await start(SIZE, 0);
  const accepted = watched.replica.accept(draft("first"));
  await watched.wait(50);
  t.is((await accepted).number, 0);
});
