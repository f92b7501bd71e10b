import { appendFileSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { openJournal } from "../../firmware-sim/journal.ts";

const fresh = () => join(mkdtempSync(join(tmpdir(), "tallystick-journal-")), "deep", "j.jsonl");
const line = (item: string) => ({ at: 1, item, grams: 5 });

test("F6: numbers go on after a restart, and what was not finished is known", (t) => {
  const path = fresh();
  const first = openJournal(path);
  t.is(first.present(line("A")).number, 0);
  t.is(first.present(line("B")).number, 1);
  t.is(first.present(line("C")).number, 2);
  first.finish(1);
  first.close();
  const second = openJournal(path);
  t.is(second.count(), 3);
  t.deepEqual(
    second.unfinished.map(({ number, line: { item } }) => `${number}${item}`),
    ["0A", "2C"],
  );
  t.is(second.present(line("D")).number, 3);
  second.close();
});

test("F6: the journal is JSON lines of what was presented", (t) => {
  const path = fresh();
  const journal = openJournal(path);
  journal.present({ at: 7, item: "A", grams: 5, mm: [1, 2, 3] });
  t.is(readFileSync(path, "utf8"), '{"at":7,"item":"A","grams":5,"mm":[1,2,3]}\n');
  journal.close();
});

test("F6: a torn last line was never presented", (t) => {
  const path = fresh();
  const first = openJournal(path);
  first.present(line("A"));
  first.close();
  appendFileSync(path, '{"at":2,"item":"B');
  appendFileSync(`${path}.done`, "0\n1");
  const second = openJournal(path);
  t.is(second.count(), 1);
  t.deepEqual(second.unfinished, []);
  second.present(line("C"));
  second.close();
  t.is(readFileSync(path, "utf8").trimEnd().split("\n").length, 2);
});

test("F6: without a path nothing is kept and numbers still count", (t) => {
  const journal = openJournal(null);
  t.is(journal.present(line("A")).number, 0);
  t.is(journal.count(), 1);
  t.deepEqual(journal.unfinished, []);
});
