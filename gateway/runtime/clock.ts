/** The year in which this version was made: an earlier one means a clock without a battery that nobody set. */
const EARLIEST_YEAR = 2026;

/** N8: why this machine's time cannot stand in a statement, as a sentence; null when it can. */
export function clockFault(nowMs: number): string | null {
  const now = new Date(nowMs);
  return now.getUTCFullYear() >= EARLIEST_YEAR
    ? null
    : `the clock of this machine says ${now.toISOString()}, which is in the past, and nothing is accepted; set it, for example with "timedatectl set-ntp true"`;
}
