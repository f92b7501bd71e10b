/** One of the processes among which `npm run sim` divides its seeds: gets seeds, answers outcomes. */
import { readOptions } from "./options.ts";
import { simulate } from "./simulation.ts";

const { gateways, attacks } = readOptions(process.argv.slice(2));

process.on("message", (seed: number) => {
  simulate({ seed, gateways, attacks }).then(
    (outcome) => process.send?.({ outcome, cpuMs: cpuMs() }),
    (error: unknown) => {
      console.error(`seed ${seed}: ${error instanceof Error ? error.stack : String(error)}`);
      process.exit(1);
    },
  );
});

/** Of this process so far. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
