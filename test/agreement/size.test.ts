/** The core is to be read in one sitting and held in one head. */
import { readdirSync, readFileSync } from "node:fs";
import test from "ava";

const CORE = ["ledger/lane", "ledger/agreement"];
const MOST_LINES = 2000;

/** Lines that are neither blank nor comment. Everything here is formatted, so that no line holds the end of one comment and code. */
function codeLines(text: string): number {
  let isInComment = false;
  return text.split("\n").filter((line) => {
    const start = line.trim();
    const wasInComment = isInComment;
    if (start.startsWith("/*")) isInComment = true;
    const isComment = wasInComment || isInComment || start.startsWith("//");
    if (start.includes("*/")) isInComment = false;
    return start !== "" && !isComment;
  }).length;
}

test("lines of code are counted without comments and blank lines", (t) => {
  t.is(codeLines("/** One. */\nconst a = 1; // why\n\n/*\n * two\n */\n  // three\n  call(a);\n"), 2);
  t.is(codeLines("export const url = 'http://x';\n"), 1);
});

test("the core, lanes and agreement without tests, has fewer than 2,000 lines of code", (t) => {
  const files = CORE.flatMap((folder) => {
    const url = new URL(`../../${folder}/`, import.meta.url);
    const names = readdirSync(url, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
    return names.map((name) => ({
      name: `${folder}/${name}`,
      lines: codeLines(readFileSync(new URL(name, url), "utf8")),
    }));
  });
  t.true(files.length > 0);
  const total = files.reduce((sum, { lines }) => sum + lines, 0);
  t.true(total < MOST_LINES, `${total} lines: ${JSON.stringify(files)}`);
  // One that counts nothing would pass as well.
  t.true(total > MOST_LINES / 2, `${total} lines`);
});
