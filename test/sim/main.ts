/** `npm run sim -- --seeds A..B [--gateways N] [--attack NAME[,NAME]|all]`: many seeds; `--seed S --trace` replays one. The last line is JSON. */
import { parseArgs } from "node:util";
import { type Attack, attacks } from "./attackers/index.ts";
import { simulate } from "./simulation.ts";

const { values } = readOptions();

const gateways = numberOf("--gateways", values.gateways);
const chosen = values.attack === undefined ? [] : attacksNamed(values.attack);
if (chosen.length > 0 && gateways < 4)
  fail(`--attack needs --gateways 4 or more: a site of ${gateways} does not tolerate a liar`);
const range = values.seed === undefined ? /^(\d+)\.\.(\d+)$/.exec(values.seeds) : ["", values.seed, values.seed];
if (range === null) fail(`--seeds ${values.seeds} is not a range: write --seeds 1..1000`);
const [first, last] = [numberOf("--seeds", range[1]), numberOf("--seeds", range[2])];

const failedSeeds: number[] = [];
let violations = 0;
let accepted = 0;
const startedMs = performance.now();
for (let seed = first; seed <= last; seed += 1) {
  const outcome = await simulate({
    seed,
    gateways,
    attacks: chosen,
    ...(values.trace ? { trace: (line: string) => console.log(line) } : {}),
  });
  accepted += outcome.accepted;
  if (outcome.violations.length > 0) {
    failedSeeds.push(seed);
    violations += outcome.violations.length;
    console.error(`seed ${seed}: ${outcome.violations.slice(0, 3).join("; ")}`);
  }
  if (values.trace) console.log(JSON.stringify(outcome));
  if ((seed - first) % 100 === 99) console.error(`seed ${seed}: ${violations} violations so far`);
}
const seconds = (performance.now() - startedMs) / 1000;
console.log(
  JSON.stringify({
    seeds: last - first + 1,
    violations,
    failedSeeds,
    accepted,
    gateways,
    attacks: chosen.map(({ name }) => name),
    seedsPerSecond: Number(((last - first + 1) / seconds).toFixed(1)),
  }),
);
process.exitCode = violations > 0 ? 1 : 0;

function readOptions() {
  try {
    return parseArgs({
      options: {
        seeds: { type: "string", default: "1..100" },
        seed: { type: "string" },
        attack: { type: "string" },
        gateways: { type: "string", default: "4" },
        trace: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    return fail(
      `sim: ${error instanceof Error ? error.message : String(error)}; the options are --seeds A..B, --gateways N, --attack NAME[,NAME], and --seed S with --trace`,
    );
  }
}

function attacksNamed(names: string): readonly Attack[] {
  if (names === "all") return attacks;
  return names.split(",").map((name) => {
    const found = attacks.find((attack) => attack.name === name);
    return found ?? fail(`--attack ${name} is unknown: the attacks are all, ${attacks.map((a) => a.name).join(", ")}`);
  });
}

function numberOf(option: string, text: string | undefined): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) fail(`${option} ${text} is not a whole number`);
  return value;
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}
