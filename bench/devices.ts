import { parseArgs } from "node:util";
import { fleetFigures } from "./devices/fleet.ts";
import { framerFigures } from "./devices/framers.ts";
import { messageFigures } from "./devices/messages.ts";

const DEVICES = 64;
const FRAMES_PER_SECOND = 20;
const MESSAGES_PER_SECOND = 1_000;

/**
 * `npm run bench -- devices [--seconds S]`. `framers`: megabytes a second of processor time that each protocol cuts (`framerMBs`), cuts and
 * decodes (`decodedMBs`), and cuts of random bytes (`noiseMBs`). `fleet`: 64 scales of all protocols that say 20 times a second what they
 * show, and the share of one core that their drivers and stations take. `messages`: 1,000 MQTT messages a second at QoS 1 to one gateway,
 * which is killed behind the last PUBACK; `lost` and `doubled` are what its disk says then.
 */
export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({ args: [...args], options: { seconds: { type: "string", default: "10" } } });
  const seconds = Number(values.seconds);
  if (!(seconds > 0)) throw new TypeError(`--seconds is "${values.seconds}", but must be a number above 0`);
  const framers = framerFigures();
  const fleet = await fleetFigures(DEVICES, FRAMES_PER_SECOND, seconds);
  const messages = await messageFigures(MESSAGES_PER_SECOND, seconds);
  const slowest = Object.entries(framers).sort(([, a], [, b]) => a.framerMBs - b.framerMBs)[0];
  return { framers, slowestFramer: slowest?.[0], slowestFramerMBs: slowest?.[1].framerMBs, fleet, messages };
}
