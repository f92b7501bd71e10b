import type { Fault } from "./fault.ts";

/** Start bit, eight data bits with the lowest first, stop bit. */
const BITS_A_BYTE = 10;

/** Device and host disagree about the baud rate, so that both read garbage. */
export const baud =
  (deviceBaud: number, hostBaud: number): Fault =>
  ({ line, hear, device }) => ({
    device,
    hear: (bytes) => hear(misread(bytes, hostBaud, deviceBaud)),
    line: {
      ...line,
      write: (bytes) => {
        line.write(misread(bytes, deviceBaud, hostBaud));
        return deviceBaud === hostBaud;
      },
    },
  });

/** What a receiver at `toBaud` makes of bytes sent back to back at `fromBaud`: it samples the middle of its own bits. */
export function misread(bytes: Uint8Array, fromBaud: number, toBaud: number): Uint8Array {
  const endBits = bytes.length * BITS_A_BYTE;
  const ratio = fromBaud / toBaud;
  /** The line at a time counted in the sender's bits; idle is high. */
  const isHigh = (at: number): boolean => {
    const bit = Math.floor(at);
    const place = bit % BITS_A_BYTE;
    if (bit < 0 || bit >= endBits || place === BITS_A_BYTE - 1) return true;
    return place !== 0 && (((bytes[Math.floor(bit / BITS_A_BYTE)] ?? 0) >> (place - 1)) & 1) === 1;
  };
  const read: number[] = [];
  let at = -1;
  for (;;) {
    // The next falling edge stands at the beginning of a sender's bit.
    while (at < endBits && !isHigh(at)) at = Math.floor(at) + 1;
    while (at < endBits && isHigh(at)) at = Math.floor(at) + 1;
    if (at >= endBits) return Uint8Array.from(read);
    const start = at;
    at = start + 9.5 * ratio;
    // Gone by the middle of the start bit: a glitch, which every receiver ignores.
    if (isHigh(start + 0.5 * ratio)) {
      at = start + 0.5 * ratio;
      continue;
    }
    let byte = 0;
    for (let bit = 0; bit < 8; bit++) if (isHigh(start + (1.5 + bit) * ratio)) byte |= 1 << bit;
    read.push(byte);
  }
}
