/** `npm run fuzz [-- --inputs N=1000000] [--protocol NAME] [--seed N]`: the last line on stdout is JSON; exit code 1 on a failure. */
import { parseArgs } from "node:util";
import { goodFrames } from "../protocols/good-frames.ts";
import { fuzz, FuzzFailure } from "./fuzz.ts";

const { values } = parseArgs({
  options: {
    inputs: { type: "string", default: "1000000" },
    protocol: { type: "string" },
    seed: { type: "string", default: "1" },
  },
});
const inputs = Number(values.inputs);
const names = values.protocol === undefined ? Object.keys(goodFrames) : [values.protocol];

let failures = 0;
process.stdout.write(`${"".padEnd(28)}    inputs  quantities      status     refused  us/input\n`);
for (const name of names) {
  try {
    const { quantities, status, refused, microseconds } = fuzz(name, inputs, Number(values.seed));
    const columns = [inputs, quantities, status, refused].map((count) => count.toString().padStart(12)).join("");
    process.stdout.write(`${name.padEnd(26)}${columns}${(microseconds / inputs).toFixed(2).padStart(10)}\n`);
  } catch (error) {
    if (!(error instanceof FuzzFailure)) throw error;
    failures += 1;
    process.stdout.write(`${error.message}\n`);
  }
}
process.stdout.write(
  `${JSON.stringify({ parsers: names.length, inputs: names.length * inputs, failures, seed: Number(values.seed) })}\n`,
);
if (failures > 0) process.exitCode = 1;
