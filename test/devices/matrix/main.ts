/**
 * `npm run devices:matrix [-- --seed N] [--protocol NAME]`: every driver with every fault. Prints a table of the items measured of
 * those presented for byte lines in virtual time (a device asked by HTTP: in real time), and one for MQTT in real time; every wrong measurement; and one JSON line. `tcp`: the
 * fault cannot happen to a device on TCP. Exit code 1 when something was measured wrong or twice.
 */
import { parseArgs } from "node:util";
import { type CellResult, runCell } from "./cell.ts";
import { faultsOfMatrix } from "./faults.ts";
import { faultsOfMessages, publishedProtocols, runPublishedCell } from "./published.ts";
import { httpProtocols, isPossible, wiredProtocols } from "./roles.ts";

const { values } = parseArgs({ options: { seed: { type: "string", default: "1" }, protocol: { type: "string" } } });
const seed = Number(values.seed);
const isWanted = (name: string): boolean => values.protocol === undefined || values.protocol === name;
const wired = wiredProtocols.filter(isWanted);
const asked = httpProtocols.filter(isWanted);
const published = publishedProtocols.filter(isWanted);

const WIDTH = 10;
const nameWidth = Math.max(...[...wired, ...asked, ...published].map((name) => name.length));
const write = (text: string): void => void process.stdout.write(text);
const heading = (columns: readonly { readonly name: string }[]): void =>
  write(`${"".padEnd(nameWidth)}${columns.map(({ name }) => name.padStart(WIDTH)).join("")}\n`);
const cellText = ({ right, wrong, doubled, presented }: CellResult): string =>
  wrong.length > 0 ? `WRONG ${wrong.length}` : doubled > 0 ? `TWICE ${doubled}` : `${right}/${presented}`;

let cells = 0;
let doubled = 0;
const wrong: string[] = [];

function note(protocol: string, name: string, result: CellResult): string {
  cells += 1;
  doubled += result.doubled;
  wrong.push(...result.wrong.map((sentence) => `${protocol}, ${name}: ${sentence}`));
  return cellText(result).padStart(WIDTH);
}

if (wired.length + asked.length > 0) heading(faultsOfMatrix);
for (const protocol of wired) {
  write(protocol.padEnd(nameWidth));
  for (const column of faultsOfMatrix) {
    const { name, faults } = column;
    const isRun = isPossible(protocol, column);
    write(isRun ? note(protocol, name, await runCell({ protocol, faults, seed })) : "tcp".padStart(WIDTH));
  }
  write("\n");
}
for (const protocol of asked) {
  const row = await Promise.all(
    faultsOfMatrix.map(async (column) =>
      isPossible(protocol, column)
        ? note(protocol, column.name, await runCell({ protocol, faults: column.faults, seed }))
        : "tcp".padStart(WIDTH),
    ),
  );
  write(`${protocol.padEnd(nameWidth)}${row.join("")}\n`);
}
if (published.length > 0) {
  write("\n");
  heading(faultsOfMessages);
}
for (const protocol of published) {
  const row = await Promise.all(
    faultsOfMessages.map(async ({ name, faults }) =>
      note(protocol, name, await runPublishedCell({ protocol, faults, seed })),
    ),
  );
  write(`${protocol.padEnd(nameWidth)}${row.join("")}\n`);
}
for (const sentence of wrong) write(`${sentence}\n`);
const drivers = wired.length + asked.length + published.length;
write(`${JSON.stringify({ drivers, cells, wrong: wrong.length, doubled, seed })}\n`);
if (wrong.length > 0 || doubled > 0) process.exitCode = 1;
