import { readFileSync } from "node:fs";
import test from "ava";
import { hunt } from "./hunt.ts";
import { mutants, spoil } from "./index.ts";

const ROOT = new URL("../../../", import.meta.url);

test("every mutant still fits the source, so that the table of `npm run sim:mutants` says something of it", (t) => {
  for (const { name, edits } of mutants) {
    for (const { file } of edits) {
      const here = edits.filter((edit) => edit.file === file);
      const source = readFileSync(new URL(file, ROOT), "utf8");
      t.notThrows(() => here.reduce(spoil, source), name);
    }
  }
});

test("names are names: no two mutants share one", (t) => {
  t.is(new Set(mutants.map(({ name }) => name)).size, mutants.length);
});

/** Those that the first seed notices; all of them: `npm run sim:mutants`. */
const QUICK = ["nothing waits for the disk", "votes leave without being stored", "one ack too few makes a certificate"];

for (const mutant of mutants.filter(({ name }) => QUICK.includes(name))) {
  test.serial(`${mutant.rule} broken (${mutant.name}) is noticed by the simulator`, async (t) => {
    t.timeout(110_000);
    const { seeds, violation } = await hunt(mutant, 5, 100_000);
    t.true(seeds !== null, violation);
  });
}
