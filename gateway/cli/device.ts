import { parseDeviceArguments, runDevice } from "../../firmware-sim/index.ts";
import { UsageError } from "./arguments.ts";
import { endWithin, stopRequested } from "./lifetime.ts";

/** `tallystick device`: one simulated device until Ctrl-C. */
export async function device(argv: readonly string[]): Promise<number> {
  const parsed = parseDeviceArguments(argv);
  if (parsed.kind === "usage") throw new UsageError(`${parsed.reason}; see "tallystick device --help"`);
  const stop = stopRequested();
  const running = await runDevice(parsed.options).catch((error: unknown) => {
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  });
  await stop;
  endWithin(2_000, 0);
  await running.close();
  const { presented, finished } = running.stats();
  process.stdout.write(`${presented} presented, ${finished} finished\n`);
  return 0;
}
