import type { DeviceControls, Fault } from "./fault.ts";
import { recurring } from "./recurring.ts";

type Times = { readonly everyMs: number; readonly forMs: number };

/** A fault inside the device that comes and goes. */
const inside =
  (times: Times, begin: (device: DeviceControls) => void, end: (device: DeviceControls) => void): Fault =>
  (wire) => ({
    ...wire,
    line: recurring(wire.line, times, { begin: () => begin(wire.device), end: () => end(wire.device) }),
  });

/** The display hangs at what it shows, whatever lies there. */
export const stuck = (times: Times): Fault =>
  inside(
    times,
    (device) => device.hold(true),
    (device) => device.hold(false),
  );

/** The cable of the load cell breaks: a resting zero, whatever lies there. */
export const gap = (times: Times): Fault =>
  inside(
    times,
    (device) => device.breakSensor(true),
    (device) => device.breakSensor(false),
  );

/** Somebody presses the unit key, and again `forMs` later. */
export const unitKey = (times: Times): Fault =>
  inside(
    times,
    (device) => device.pressUnitKey(),
    (device) => device.pressUnitKey(),
  );

/** Somebody sets the device's clock back by `backMs`. */
export const clockBack = (everyMs: number, backMs: number): Fault =>
  inside(
    { everyMs, forMs: 1 },
    (device) => device.setClockBack(backMs),
    () => {},
  );
