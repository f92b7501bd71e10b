import type { Quarantine } from "./display.ts";

/**
 * `connecting`: the line is not open. `online`: the device answers (polled) or the line is open (event devices).
 * `silent`: the line is open, nothing valid comes. `garbled`: most of what comes cannot be read (D5).
 * `wrong-device`: another serial number than configured. `quarantined`: it shows another unit or resolution than before (D6).
 */
export type DeviceState = "connecting" | "online" | "silent" | "garbled" | "wrong-device" | "quarantined" | "closed";

export type BadFrame = { readonly at: number; readonly hex: string; readonly reason: string };

/** D3: everything that a person needs to mend a device without a debugger. Times in Unix ms. */
export type DeviceHealth = {
  readonly device: string;
  readonly protocol: string;
  readonly state: DeviceState;
  /** Serial number that the device gave, when its protocol has one. */
  readonly serial: string | null;
  readonly lastFrameAt: number | null;
  /** Complete frames that could be decoded. */
  readonly frames: number;
  /** Complete frames that could not. */
  readonly refused: number;
  readonly noiseBytes: number;
  /** The last 10 refused frames and runs of noise, oldest first. */
  readonly lastBad: readonly BadFrame[];
  /** D6: null = what it shows is taken. */
  readonly quarantine: Quarantine | null;
  /** Where the line was last opened, with its settings: "/dev/ttyUSB1 at 9600 8N1", "192.0.2.7:4001". */
  readonly place: string | null;
  /** One sentence: what, where, what to do. Null once the device is online again. */
  readonly lastError: string | null;
};

const KEPT_BAD_FRAMES = 10;
const KEPT_BAD_BYTES = 512;

export const freshHealth = (device: string, protocol: string): DeviceHealth => ({
  device,
  protocol,
  state: "connecting",
  serial: null,
  lastFrameAt: null,
  frames: 0,
  refused: 0,
  noiseBytes: 0,
  lastBad: [],
  quarantine: null,
  place: null,
  lastError: null,
});

export const withFrame = (health: DeviceHealth, at: number): DeviceHealth => ({
  ...health,
  frames: health.frames + 1,
  lastFrameAt: at,
});

export const withRefused = (health: DeviceHealth, at: number, frame: Uint8Array, reason: string): DeviceHealth => ({
  ...health,
  refused: health.refused + 1,
  lastBad: withBad(health.lastBad, at, frame, reason),
});

export const withNoise = (health: DeviceHealth, at: number, noise: Uint8Array): DeviceHealth => ({
  ...health,
  noiseBytes: health.noiseBytes + noise.length,
  lastBad: withBad(health.lastBad, at, noise, "noise between frames"),
});

function withBad(bad: readonly BadFrame[], at: number, bytes: Uint8Array, reason: string): readonly BadFrame[] {
  const hex = Buffer.from(bytes.subarray(0, KEPT_BAD_BYTES)).toString("hex");
  return [...bad.slice(1 - KEPT_BAD_FRAMES), { at, hex, reason }];
}
