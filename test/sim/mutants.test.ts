import { readFileSync } from "node:fs";
import test from "ava";
import { mutants, spoil } from "./mutants/index.ts";

test("every mutant still finds the rule that it breaks, in the place where it stands", (t) => {
  t.true(mutants.length >= 15);
  for (const { name, edits } of mutants) {
    for (const edit of edits) {
      const source = readFileSync(new URL(`../../${edit.file}`, import.meta.url), "utf8");
      t.notThrows(() => spoil(source, edit), name);
    }
  }
});
