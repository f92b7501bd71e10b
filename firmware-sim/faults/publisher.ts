import type { Line } from "../lines/line.ts";
import { type DeviceControls, type Fault, withFaults } from "./fault.ts";

/** A device that publishes, as its faults see it. */
export type Publisher = {
  /** False when the message cannot leave now. */
  readonly publish: (bytes: Uint8Array) => boolean;
  readonly linked: () => boolean;
  /** Ends the connection, and makes no other until `plug`. */
  readonly unplug: () => void;
  readonly plug: () => void;
};

/** F9: a device that publishes as a line: one write is one message. A device without power is one without a connection. */
export function publisherLine(
  faults: readonly Fault[],
  { publish, linked, unplug, plug }: Publisher,
  controls: Omit<DeviceControls, "restart">,
): Line {
  let starting: NodeJS.Timeout | null = null;
  const line: Line = {
    write: publish,
    linked,
    unplug,
    plug: async () => plug(),
    close: async () => {
      if (starting !== null) clearTimeout(starting);
    },
  };
  const restart = (offMs: number) => {
    unplug();
    starting = setTimeout(plug, offMs);
  };
  return withFaults(faults, { line, hear: () => {}, device: { ...controls, restart } }).line;
}
