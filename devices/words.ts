import { changeWords, type Quarantine } from "./display.ts";
import type { DeviceHealth } from "./health.ts";
import { garbledSentence, type LineQuality } from "./line-quality.ts";
import type { DeviceSettings } from "./settings.ts";

/** What `lastError` says: one sentence each (what, where, what to do). */
export const words = {
  silent: (id: string, silentAfterMs: number): string =>
    `device ${id} gave no valid answer for ${silentAfterMs} ms: check power, cable and protocol`,

  notDialled: (id: string, where: string): string =>
    `device ${id} has not dialled in on ${where}: check its power and the address that it dials`,

  wrongDevice: ({ id, serial }: DeviceSettings, says: string): string =>
    `device ${id} should have serial number ${serial} and says ${says}: connect the right one or correct the configuration`,

  quarantined: (id: string, { was, shows }: Quarantine): string =>
    `device ${id} ${changeWords(was, shows)}, so nothing of it is used: look at its unit key and settings, then run "tallystick devices acknowledge ${id} --dir DIR"`,

  garbled: (settings: DeviceSettings, quality: LineQuality, { place, protocol, lastBad }: DeviceHealth): string =>
    garbledSentence(quality, {
      where: `device ${settings.id}${place === null ? "" : ` on ${place}`}`,
      protocol,
      isSerial: settings.transport.kind === "serial",
      lastReason: lastBad.at(-1)?.reason ?? null,
    }),
} as const;
