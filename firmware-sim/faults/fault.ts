import type { Line } from "../lines/line.ts";

/** What can be done to a device itself, from its own keys to its cables. A device without such a part does nothing. */
export type DeviceControls = {
  readonly pressUnitKey: () => void;
  /** The cable of the load cell (or the camera) breaks: the device goes on and shows zero. */
  readonly breakSensor: (broken: boolean) => void;
  /** The display hangs at what it shows. */
  readonly hold: (held: boolean) => void;
  /** Power goes off and comes back: what is not kept is lost. `zeroes`: a scale takes what lies there then for its zero. */
  readonly restart: (offMs: number, zeroes: boolean) => void;
  readonly setClockBack: (ms: number) => void;
};

/** A device on its line, seen from the inside. */
export type Wire = {
  readonly line: Line;
  /** What the host said reaches the device here. */
  readonly hear: (bytes: Uint8Array) => void;
  readonly device: DeviceControls;
};

/** What may go wrong with a device or between it and its host: a wire made worse. Faults stack (F9). */
export type Fault = (wire: Wire) => Wire;

/** The first of them is nearest to the wire. */
export const withFaults = (faults: readonly Fault[], wire: Wire): Wire =>
  faults.reduce<Wire>((inner, fault) => fault(inner), wire);

/** A fault of the way to the host alone. */
export const onLine =
  (worsen: (line: Line) => Line): Fault =>
  (wire) => ({ ...wire, line: worsen(wire.line) });

/** For devices without keys, load cell or clock. */
export const noControls: DeviceControls = {
  pressUnitKey: () => {},
  breakSensor: () => {},
  hold: () => {},
  restart: () => {},
  setClockBack: () => {},
};
