/**
 * `npm run devices:matrix [-- --seed N] [--protocol NAME]`: every driver with every fault. Prints a table of the items measured of
 * those presented (`tcp`: the fault cannot happen to a device on TCP), every wrong measurement, and one JSON line.
 */
import { parseArgs } from "node:util";
import { faultsOfMatrix } from "./faults.ts";
import { type CellResult, runCell } from "./cell.ts";
import { isPossible, wiredProtocols } from "./roles.ts";

const { values } = parseArgs({ options: { seed: { type: "string", default: "1" }, protocol: { type: "string" } } });
const protocols = values.protocol === undefined ? wiredProtocols : [values.protocol];
const seed = Number(values.seed);

const WIDTH = 10;
const cellText = ({ right, wrong, doubled, presented }: CellResult): string =>
  wrong.length > 0 ? `WRONG ${wrong.length}` : doubled > 0 ? `TWICE ${doubled}` : `${right}/${presented}`;

const nameWidth = Math.max(...protocols.map((name) => name.length));
const heads = faultsOfMatrix.map(({ name }) => name.padStart(WIDTH)).join("");
process.stdout.write(`${"".padEnd(nameWidth)}${heads}\n`);
let cells = 0;
const wrong: string[] = [];
let doubled = 0;
for (const protocol of protocols) {
  process.stdout.write(protocol.padEnd(nameWidth));
  for (const column of faultsOfMatrix) {
    const { name, faults } = column;
    if (!isPossible(protocol, column)) {
      process.stdout.write("tcp".padStart(WIDTH));
      continue;
    }
    const result = await runCell({ protocol, faults, seed });
    cells += 1;
    doubled += result.doubled;
    wrong.push(...result.wrong.map((sentence) => `${protocol}, ${name}: ${sentence}`));
    process.stdout.write(cellText(result).padStart(WIDTH));
  }
  process.stdout.write("\n");
}
for (const sentence of wrong) process.stdout.write(`${sentence}\n`);
process.stdout.write(`${JSON.stringify({ drivers: protocols.length, cells, wrong: wrong.length, doubled, seed })}\n`);
if (wrong.length > 0 || doubled > 0) process.exitCode = 1;
