/** `npm run bench -- NAME [options]`: runs one benchmark; the last line on stdout is one JSON object. */
import { existsSync } from "node:fs";
import { nearestName } from "../gateway/config/index.ts";
import { Impossible } from "./impossible.ts";

type Bench = { readonly run: (args: readonly string[]) => Promise<Record<string, unknown>> };

const BENCHES: Readonly<Record<string, string>> = {
  finality:
    "measurements from accepted to final through real gateway processes [--rate R | --max] [--seconds S] [--gateways N]",
  memory: "resident memory of gateways over time [--rate R | --max] [--minutes M] [--gateways N]",
  predict: "one prediction",
  catchup: "a gateway that was away takes in what it missed [--statements N]",
  startup: "from the command to the first anchored measurement",
  committee: "agreement among many gateways, simulated [--gateways N]",
  devices: "framers, a fleet of scales, and MQTT messages that must not get lost [--seconds S]",
  "vs-cometbft": "the same offered load on CometBFT, built by Go [--rate R] [--seconds S] [--gateways N]",
};

const present = Object.keys(BENCHES).filter((name) => existsSync(new URL(`./${name}.ts`, import.meta.url)));
const [name = "", ...args] = process.argv.slice(2);

if (present.includes(name)) {
  const bench = (await import(`./${name}.ts`)) as Bench;
  try {
    const figures = await bench.run(args);
    process.stdout.write(`${JSON.stringify(figures)}\n`);
  } catch (error) {
    if (!(error instanceof Impossible)) throw error;
    process.stderr.write(`bench: ${error.message}\n`);
    process.exitCode = 1;
  }
} else {
  const near = nearestName(name, present);
  const list = present.map((each) => `  ${each.padEnd(12)} ${BENCHES[each]}`).join("\n");
  process.stderr.write(
    `bench: "${name}" is not a benchmark${near === null ? "" : `; did you mean "${near}"?`}\n${list}\n`,
  );
  process.exitCode = 2;
}
