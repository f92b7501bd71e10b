/**
 * `npm run sim:mutants [-- --only PATTERN] [--seeds N] [--jobs N]`: the table of broken rules and of what noticed them. The last line
 * is JSON; exit code 1 = one survived.
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { type Catch, hunt } from "./hunt.ts";
import { mutants } from "./index.ts";

const TIMEOUT_MS = 20 * 60_000;

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    seeds: { type: "string", default: "2000" },
    jobs: { type: "string", default: String(availableParallelism()) },
  },
});
const pattern = new RegExp(values.only);
const chosen = mutants.filter(({ name, rule }) => pattern.test(`${rule} ${name}`));
const waiting = [...chosen];
const caught: Catch[] = [];

async function worker(): Promise<void> {
  for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
    const result = await hunt(mutant, Number(values.seeds), TIMEOUT_MS);
    caught.push(result);
    console.error(`${caught.length} of ${chosen.length}: ${mutant.rule} ${mutant.name}: ${result.seeds ?? "SURVIVED"}`);
  }
}

await Promise.all(Array.from({ length: Number(values.jobs) }, worker));
const rows = chosen.flatMap((mutant) => caught.filter((one) => one.mutant === mutant));
const width = Math.max(...rows.map(({ mutant }) => mutant.name.length));
for (const { mutant, seeds, violation } of rows)
  console.log(
    `${mutant.rule.padEnd(4)} ${mutant.name.padEnd(width)} ${String(seeds ?? "-").padStart(5)}  ${violation.slice(0, 120)}`,
  );
const survivors = rows.filter(({ seeds }) => seeds === null).map(({ mutant }) => mutant.name);
console.log(JSON.stringify({ mutants: rows.length, caught: rows.length - survivors.length, survivors }));
process.exitCode = survivors.length > 0 ? 1 : 0;
