/** The two to four status bytes, their bits named (NC4). */
export type StatusBytes = {
  readonly motion: boolean;
  readonly atZero: boolean;
  readonly underCapacity: boolean;
  readonly overCapacity: boolean;
  /** RAM, ROM or EEPROM. */
  readonly memoryError: boolean;
  readonly calibrationError: boolean;
  readonly initialZeroError: boolean;
  /** "unknown" when there is no third byte. */
  readonly mode: "gross" | "net" | "unknown";
  /** Null when there is no fourth byte. */
  readonly metric: boolean | null;
};

/** Bits 4 and 5 of every status byte. */
const ALWAYS_ONE = 0b11_0000;
const FOLLOWED = 6;

const bit = (byte: number | undefined, index: number): boolean => byte !== undefined && ((byte >> index) & 1) === 1;

/** Reads a status line (NC4): Diva, Fairbanks and Ohaus put an `S` in front. A string says why it is none. */
export function statusBytes(line: string): StatusBytes | string {
  const bytes = Array.from(line.startsWith("S") ? line.slice(1) : line, (character) => character.charCodeAt(0));
  if (bytes.length < 2 || bytes.length > 4) return `${bytes.length} status bytes, not 2 to 4`;
  if (!bytes.every((byte) => (byte & ALWAYS_ONE) === ALWAYS_ONE)) return "bits 4 and 5 of a status byte are not set";
  // Byte 1 never says that another follows; every later one does, or is the last.
  if (bytes.some((byte, index) => bit(byte, FOLLOWED) !== (index > 0 && index < bytes.length - 1)))
    return "a status byte is missing or too many";
  const [first, second, third, fourth] = bytes;
  if (bit(second, 0) && bit(second, 1)) return "both under and over capacity";
  return {
    motion: bit(first, 0),
    atZero: bit(first, 1),
    memoryError: bit(first, 2) || bit(first, 3) || bit(second, 2),
    underCapacity: bit(second, 0),
    overCapacity: bit(second, 1),
    calibrationError: bit(second, 3),
    mode: third === undefined ? "unknown" : bit(third, 2) ? "net" : "gross",
    initialZeroError: bit(third, 3),
    metric: fourth === undefined ? null : bit(fourth, 2),
  };
}
