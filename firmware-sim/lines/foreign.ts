import { lstatSync, type Stats } from "node:fs";

/** F7: a device takes the place of what an earlier one left there, and of nothing else. Throws a RangeError. */
export function refuseForeign(path: string, isOurs: (found: Stats) => boolean): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found !== undefined && !isOurs(found))
    throw new RangeError(
      `${path} is there already and is no line of a simulated device: name another path, or remove it`,
    );
}
