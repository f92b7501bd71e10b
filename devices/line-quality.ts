/** D5: what the bytes of a line have been of late. Counts of bytes, the older ones fading. */
export type LineQuality = {
  /** In frames that could be decoded. */
  readonly good: number;
  /** In no frame at all. */
  readonly noise: number;
  /** In frames that could not be decoded. */
  readonly refused: number;
};

export const unheard: LineQuality = { good: 0, noise: 0, refused: 0 };

/** Fewer bytes say nothing: switching on, plugging in and a first half frame look like this. */
const ENOUGH_BYTES = 64;
/** Some 30 frames: what was longer ago counts half. */
const FADING_BYTES = 512;
const GARBLED_ABOVE = 0.5;
const READABLE_BELOW = 0.25;

/** Adds bytes of one sort. */
export function heard(quality: LineQuality, sort: keyof LineQuality, bytes: number): LineQuality {
  const fade = quality.good + quality.noise + quality.refused > FADING_BYTES ? 0.5 : 1;
  const faded = { good: quality.good * fade, noise: quality.noise * fade, refused: quality.refused * fade };
  return { ...faded, [sort]: faded[sort] + bytes };
}

/** `before`: two limits, so that a line at the limit does not change its mind with every frame. */
export function isGarbled(quality: LineQuality, before: boolean): boolean {
  const bad = quality.noise + quality.refused;
  const total = bad + quality.good;
  return total >= ENOUGH_BYTES && bad > total * (before ? READABLE_BELOW : GARBLED_ABOVE);
}

/** D5: what to check, in the order in which it is usually wrong. `where` names device and line. */
export function garbledSentence(
  { good, noise, refused }: LineQuality,
  at: {
    readonly where: string;
    readonly protocol: string;
    readonly isSerial: boolean;
    readonly lastReason: string | null;
  },
): string {
  const tenths = Math.min(10, Math.round((10 * (noise + refused)) / (good + noise + refused)));
  const share = tenths === 10 ? "nearly all" : `${tenths} of 10`;
  if (refused > noise) {
    const last = at.lastReason === null ? "" : ` (the last: ${at.lastReason})`;
    return `${at.where} sends frames that are not as ${at.protocol} has them${last}: check the protocol, and the output format in the device's menu`;
  }
  const settings = at.isSerial
    ? "check baud rate, data bits, parity and stop bits against the device's menu"
    : "check baud rate and parity of the serial server against the device's menu";
  return `${at.where} is not readable, ${share} bytes belong to no frame: these are wrong line settings or another protocol; ${settings}, then that it speaks ${at.protocol}`;
}
