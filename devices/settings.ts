import type { ProtocolSettings } from "./protocols/index.ts";
import type { DisplayMemory } from "./display.ts";
import type { DeviceHealth } from "./health.ts";
import type { Reading } from "./reading.ts";
import type { GivenLine, TransportSettings } from "./transports/index.ts";
import type { ListPorts } from "./transports/ports.ts";

export type DeviceSettings = {
  readonly id: string;
  readonly protocol: string;
  /** P10: absent where the protocol takes none. */
  readonly settings?: ProtocolSettings;
  readonly transport: TransportSettings | GivenLine;
  /** Serial number that the device must give (protocols that can ask for one). Absent: any device is taken. */
  readonly serial?: string;
  readonly timing?: Partial<DeviceTiming>;
  /** D6: what it showed before a restart. Absent: it was never seen. */
  readonly display?: DisplayMemory;
  /** Instead of the ports of this machine. */
  readonly listPorts?: ListPorts;
};

export type DeviceTiming = {
  readonly pollMs: number;
  readonly replyTimeoutMs: number;
  readonly settleMs: number;
  /** A polled device with no valid frame for this long is silent and its line is opened anew. */
  readonly silentAfterMs: number;
  /** After so long without a frame an event device that can be asked is asked whether it is there. */
  readonly quietMs: number;
};

export const defaultTiming: DeviceTiming = {
  pollMs: 100,
  replyTimeoutMs: 500,
  settleMs: 50,
  silentAfterMs: 3_000,
  quietMs: 30_000,
};

export type DeviceEvents = {
  /** All readings of one frame. */
  readonly readings: (readings: readonly Reading[]) => void;
  /** The device answered without measuring: "overload", "busy", "no-read", ...; or nothing of it is used: "quarantined", "garbled". */
  readonly status: (status: { readonly device: string; readonly at: number; readonly status: string }) => void;
  /** The state or the last error changed. */
  readonly health: (health: DeviceHealth) => void;
  /** D6: to be given again as `display` after a restart. */
  readonly remember?: (memory: DisplayMemory) => void;
};

export type Device = {
  readonly health: () => DeviceHealth;
  /** D6: ends a quarantine; false when there is none. */
  readonly acknowledge: () => boolean;
  readonly close: () => Promise<void>;
};
