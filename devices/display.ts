import type { Decoded } from "./protocols/index.ts";
import type { Quantity } from "./quantity/index.ts";

/** D6: how a device shows a kind of value, in words: "kg with 3 decimals", "mm". Two equal texts are the same display. */
export type Shown = string;

/** D6: since when nothing of a device is used, and why. `since` in Unix ms. */
export type Quarantine = {
  readonly since: number;
  /** Of the value that changed. */
  readonly kind: string;
  readonly was: Shown;
  readonly shows: Shown;
};

/** D6: what must survive a restart. `shown`: by kind of value. */
export type DisplayMemory = {
  readonly shown: Readonly<Record<string, Shown>>;
  readonly quarantine: Quarantine | null;
};

export type Display = {
  readonly memory: DisplayMemory;
  /** By kind of value: what the newest frames show instead of what is remembered, and how many of them in a row. */
  readonly doubts: readonly Doubt[];
};

type Doubt = { readonly kind: string; readonly shows: Shown; readonly frames: number };

/** `pass`: the frame may be used. `doubtful`: it shows something else, and is alone with that so far. `quarantined`: it may not. */
export type DisplayVerdict =
  | { readonly kind: "pass" }
  | { readonly kind: "doubtful"; readonly reason: string }
  | { readonly kind: "quarantined" };

type Quantities = Extract<Decoded, { kind: "quantities" }>;

/** A line may have no checksum, so one frame of a repeating device proves no change of its display. */
const FRAMES_OF_A_CHANGE = 2;

export const nothingShown: DisplayMemory = { shown: {}, quarantine: null };

export const displayOf = (memory: DisplayMemory): Display => ({ memory, doubts: [] });

/**
 * D6: judges one decoded frame. `repeats`: the device shows its value many times a weighing, with the resolution of its
 * display; others send each value once and are held to its unit alone. Pure.
 */
export const judge = (display: Display, decoded: Quantities, repeats: boolean, at: number): Judged =>
  judgeShown(
    display,
    shownBy(decoded, repeats).filter((one) => !isBareZero(one, display.memory)),
    repeats,
    at,
  );

/** The same of a mass that could not be read, but shown to be something else (`shows` of a refused frame). */
export const judgeUnread = (display: Display, shows: Shown, repeats: boolean, at: number): Judged =>
  // What was never read is not remembered as what the device shows.
  judgeShown(display, display.memory.shown["mass"] === undefined ? [] : [{ kind: "mass", shows }], repeats, at);

type Judged = { readonly display: Display; readonly verdict: DisplayVerdict };

function judgeShown(
  display: Display,
  shown: readonly { readonly kind: string; readonly shows: Shown }[],
  repeats: boolean,
  at: number,
): Judged {
  const { memory } = display;
  const seen = shown.map((one) => doubtOf(display, one));
  const isSure = ({ frames }: Doubt): boolean => !repeats || frames >= FRAMES_OF_A_CHANGE;
  if (memory.quarantine !== null)
    return { display: inQuarantine(memory, memory.quarantine, seen, isSure), verdict: { kind: "quarantined" } };
  const first = seen.filter(({ kind }) => memory.shown[kind] === undefined);
  const changed = seen.find(({ kind, shows }) => (memory.shown[kind] ?? shows) !== shows);
  const learnt = Object.fromEntries(first.filter(isSure).map(({ kind, shows }) => [kind, shows]));
  const next: Display = {
    memory: Object.keys(learnt).length === 0 ? memory : { ...memory, shown: { ...memory.shown, ...learnt } },
    doubts: seen.filter((one) => (memory.shown[one.kind] ?? learnt[one.kind]) !== one.shows),
  };
  if (changed === undefined) return { display: next, verdict: { kind: "pass" } };
  const { kind, shows } = changed;
  const was = memory.shown[kind] ?? shows;
  if (!isSure(changed)) return { display: next, verdict: { kind: "doubtful", reason: changeWords(was, shows) } };
  const quarantine = { since: at, kind, was, shows };
  return { display: displayOf({ ...next.memory, quarantine }), verdict: { kind: "quarantined" } };
}

/** D6: a person has looked at the device: what it shows now is what it shall show. */
export function acknowledged({ memory: { shown, quarantine } }: Display): Display {
  if (quarantine === null) return displayOf({ shown, quarantine });
  return displayOf({ shown: { ...shown, [quarantine.kind]: quarantine.shows }, quarantine: null });
}

/** "showed kg with 3 decimals and now shows lb with 2 decimals". */
export const changeWords = (was: Shown, shows: Shown): string =>
  was === shows ? `showed something else than ${was} for a while` : `showed ${was} and now shows ${shows}`;

/** Somebody may set the device back, or to something else, before it is acknowledged: the newest counts. */
function inQuarantine(
  memory: DisplayMemory,
  quarantine: Quarantine,
  seen: readonly Doubt[],
  isSure: (doubt: Doubt) => boolean,
): Display {
  const now = seen.find(({ kind }) => kind === quarantine.kind);
  if (now === undefined || now.shows === quarantine.shows) return displayOf(memory);
  if (!isSure(now)) return { memory, doubts: [now] };
  return displayOf({ ...memory, quarantine: { ...quarantine, shows: now.shows } });
}

function doubtOf({ doubts }: Display, { kind, shows }: { readonly kind: string; readonly shows: Shown }): Doubt {
  const before = doubts.find((doubt) => doubt.kind === kind && doubt.shows === shows);
  return { kind, shows, frames: (before?.frames ?? 0) + 1 };
}

type Seen = {
  readonly kind: string;
  readonly shows: Shown;
  /** Not null = the value is zero, in this unit. */
  readonly zeroIn: string | null;
};

/** Some scales show zero without decimals: it tells the unit, and no resolution. */
const isBareZero = ({ kind, zeroIn }: Seen, { shown }: DisplayMemory): boolean =>
  zeroIn !== null && (shown[kind]?.startsWith(`${zeroIn} `) ?? true);

/** A multi-range scale shows each of its ranges with a resolution of its own, and says which (flags). */
function shownBy({ quantities, flags = [] }: Quantities, repeats: boolean): readonly Seen[] {
  const range = flags.find((flag) => flag.startsWith("range-"));
  return quantities.flatMap((quantity) => {
    const shows = wordsOf(quantity, repeats);
    if (shows === null) return [];
    const zeroIn = repeats && quantity.kind === "mass" && quantity.value.mantissa === 0 ? quantity.unit : null;
    return [{ kind: range === undefined ? quantity.kind : `${quantity.kind} in ${range}`, shows, zeroIn }];
  });
}

function wordsOf(quantity: Quantity, repeats: boolean): Shown | null {
  switch (quantity.kind) {
    case "mass": {
      if (quantity.mode === "tare") return null;
      const decimals = Math.max(0, -quantity.value.exponent);
      return repeats ? `${quantity.unit} with ${decimals} decimal${decimals === 1 ? "" : "s"}` : quantity.unit;
    }
    case "dimensions":
      return quantity.unit;
    case "item":
      return null;
  }
}
