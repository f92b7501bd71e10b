import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { checkDigit, displayedGrams, sscc, syntheticItems } from "../../firmware-sim/items.ts";
import { readScript } from "../../firmware-sim/script.ts";

const items = (seed: number, station: number, count: number) =>
  Array.from({ length: count }, (_, number) => {
    const item = syntheticItems(seed, station)(number);
    if (item === null) throw new Error("synthetic items never end");
    return item;
  });
const density = ({ grams, mm: [length, width, height] }: { grams: number; mm: readonly [number, number, number] }) =>
  (grams / (length * width * height)) * 1e6;

test("F2: the GS1 example's check digit", (t) => {
  t.is(checkDigit("34012345123456789"), "5");
});

test("F2: identities are SSCCs, different for every seed, station and number", (t) => {
  const all = [items(1, 0, 300), items(1, 1, 300), items(2, 0, 300)].flat().map(({ item }) => item);
  t.is(new Set(all).size, 900);
  for (const item of all) {
    t.regex(item, /^\d{18}$/);
    t.is(checkDigit(item.slice(0, 17)), item.slice(17));
  }
  t.not(sscc(1, 0, 0), sscc(1, 0, 10_000_000));
});

test("F2: the same number is the same item", (t) => {
  t.deepEqual(items(7, 3, 20), items(7, 3, 20));
});

test("F3: mass is plausible for the volume, but for a few that are to be flagged", (t) => {
  const densities = items(1, 0, 2_000).map(density);
  const usual = densities.filter((value) => value >= 79 && value <= 605);
  t.true(usual.length > 1_900 && usual.length < 2_000);
  const median = densities.toSorted((a, b) => a - b)[1_000] ?? 0;
  t.true(median > 220 && median < 280);
});

test("F3: sides fit a telegram and masses a scale", (t) => {
  for (const { grams, mm } of items(1, 0, 2_000)) {
    t.true(mm.every((side) => Number.isInteger(side) && side > 0 && side < 10_000));
    t.true(grams >= 20 && grams <= 60_000);
  }
});

test("F10: displayed mass is the nearest division", (t) => {
  t.is(displayedGrams(1_002.4, 5), 1_000);
  t.is(displayedGrams(1_002.6, 5), 1_005);
});

test("F5: a script gives its items in order and then no more", (t) => {
  const path = join(mkdtempSync(join(tmpdir(), "tallystick-script-")), "items.jsonl");
  writeFileSync(path, '{"item":"A","grams":1000,"mm":[1,2,3]}\n\n{"item":"B","grams":0.5,"mm":[4,5,6]}\n');
  const source = readScript(path);
  t.deepEqual(source(0), { item: "A", grams: 1000, mm: [1, 2, 3] });
  t.is(source(1)?.item, "B");
  t.is(source(2), null);
});

test("F5: a wrong line of a script is named", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "tallystick-script-"));
  const wrong = ["x", "1", "{}", '{"item":"A;B","grams":1,"mm":[1,2,3]}', '{"item":"A","grams":1,"mm":[1,2]}'];
  wrong.push('{"item":"A","grams":1,"mm":[1,2,3.5]}', '{"item":"A","grams":-1,"mm":[1,2,3]}');
  for (const line of wrong) {
    const path = join(folder, "items.jsonl");
    writeFileSync(path, `\n${line}\n`);
    t.throws(() => readScript(path), { instanceOf: RangeError, message: /items\.jsonl:2: want/ }, line);
  }
});
