/** The command line of `npm run sim`. What is wrong with it is one sentence and exit code 2. */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { type Attack, attacks } from "./attackers/index.ts";

export type RunOptions = {
  readonly first: number;
  readonly last: number;
  readonly gateways: number;
  readonly attacks: readonly Attack[];
  /** As written on the command line; null = none. */
  readonly attack: string | null;
  readonly jobs: number;
  readonly trace: boolean;
  /** The run ends at the first seed that violates something. */
  readonly untilViolation: boolean;
};

const USAGE =
  "the options are --seeds A..B, --gateways N, --attack NAME[,NAME]|all, --jobs N, --until-violation, and --seed S with --trace";
const MOST_GATEWAYS = 32;

export function readOptions(args: readonly string[]): RunOptions {
  const values = parsed(args);
  const gateways = numberOf("--gateways", values.gateways);
  if (gateways < 1 || gateways > MOST_GATEWAYS) fail(`--gateways ${gateways} is not from 1 to ${MOST_GATEWAYS}`);
  const named = values.attack === undefined ? [] : attacksNamed(values.attack);
  if (values.attack !== undefined && gateways < 4)
    fail(`--attack needs --gateways 4 or more: a site of ${gateways} does not tolerate a liar`);
  const range = values.seed === undefined ? /^(\d+)\.\.(\d+)$/.exec(values.seeds) : ["", values.seed, values.seed];
  if (range === null) fail(`--seeds ${values.seeds} is not a range: write --seeds 1..1000`);
  const [first, last] = [numberOf("--seeds", range[1]), numberOf("--seeds", range[2])];
  if (last < first) fail(`--seeds ${values.seeds} is empty`);
  return {
    first,
    last,
    gateways,
    attacks: named,
    attack: values.attack ?? null,
    jobs: values.jobs === undefined ? availableParallelism() : Math.max(1, numberOf("--jobs", values.jobs)),
    trace: values.trace,
    untilViolation: values["until-violation"],
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        seeds: { type: "string", default: "1..100" },
        seed: { type: "string" },
        attack: { type: "string" },
        gateways: { type: "string", default: "4" },
        jobs: { type: "string" },
        trace: { type: "boolean", default: false },
        "until-violation": { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    return fail(`sim: ${error instanceof Error ? error.message : String(error)}; ${USAGE}`);
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
