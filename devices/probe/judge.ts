import { cutStream, decodeFrame, type Protocol, takeWhole } from "../protocols/index.ts";
import { formatDecimal, type Quantity } from "../quantity/index.ts";

/** What came over a line, and to whose probe; `to` null = it came by itself. */
export type Heard = { readonly to: Uint8Array | null; readonly bytes: Uint8Array };

export type Certainty = "certain" | "likely" | "possible";

export type Candidate = {
  readonly protocol: string;
  readonly certainty: Certainty;
  /** In a few words. */
  readonly why: string;
  /** Frames that decode. */
  readonly frames: number;
  /** The newest of them, in hex. */
  readonly sample: string;
  /** The newest reading: "12.345 kg, stable, gross". */
  readonly reading: string | null;
};

/** Y3. */
const LIKELY_SHARE = 0.8;
const LIKELY_READINGS = 2;
const CERTAIN_CHECKSUMS = 2;

const order: readonly Certainty[] = ["certain", "likely", "possible"];

/** Y3: which of the protocols these bytes may be, the most certain first. Pure. */
export function judge(heard: readonly Heard[], protocols: Iterable<Protocol>): readonly Candidate[] {
  const found: { readonly candidate: Candidate; readonly share: number; readonly anything: boolean }[] = [];
  for (const protocol of protocols) {
    const tally = tallyOf(heard, protocol);
    const verdict = verdictOf(tally, protocol);
    if (verdict === null) continue;
    const { frames, sample, reading } = tally;
    const hex = Buffer.from(sample).toString("hex");
    found.push({
      candidate: { protocol: protocol.name, ...verdict, frames, sample: hex, reading },
      share: tally.share,
      anything: protocol.readsAnything === true,
    });
  }
  const isSure = found.some(({ candidate }) => candidate.certainty === "certain");
  const mostLikely = Math.max(0, ...found.flatMap((one) => (one.candidate.certainty === "likely" ? [one.share] : [])));
  const isShutOut = ({ candidate, share }: (typeof found)[number]): boolean =>
    candidate.certainty === "possible" && (isSure || share < mostLikely);
  const isNamed = found.some(({ anything }) => !anything);
  return found
    .filter((one) => !(isNamed && one.anything) && !isShutOut(one))
    .sort((a, b) => order.indexOf(a.candidate.certainty) - order.indexOf(b.candidate.certainty) || b.share - a.share)
    .map(({ candidate }) => candidate);
}

type Tally = {
  readonly frames: number;
  readonly readings: number;
  /** Readings that came when this protocol's probe, or one of the same bytes, had been sent. */
  readonly asked: number;
  /** The newest answer that only this protocol gives. */
  readonly answer: Uint8Array | null;
  readonly sample: Uint8Array;
  readonly reading: string | null;
  /** Of all bytes, how much is in good frames. */
  readonly share: number;
};

function tallyOf(heard: readonly Heard[], { name, framing, probe, wire }: Protocol): Tally {
  let tally: Tally = {
    frames: 0,
    readings: 0,
    asked: 0,
    answer: null,
    sample: new Uint8Array(0),
    reading: null,
    share: 0,
  };
  const takeFrame = wire === "http" ? takeWhole : framing.kind === "stream" ? framing.takeFrame : null;
  if (takeFrame === null) return tally;
  let total = 0;
  let good = 0;
  let rest: Uint8Array = new Uint8Array(0);
  for (const { to, bytes } of heard) {
    total += bytes.length;
    const cut = cutStream(takeFrame, rest, bytes);
    ({ rest } = cut);
    for (const { kind, bytes: frame } of cut.parts) {
      if (kind === "noise") continue;
      const decoded = decodeFrame(name, frame);
      const isAnswer = probe?.isAnswer(frame) === true;
      if (decoded.kind === "refused" && !isAnswer) continue;
      good += frame.length;
      const wasAsked = probe !== undefined && to !== null && Buffer.compare(to, probe.bytes) === 0;
      const shown = decoded.kind === "quantities" ? decoded.quantities.map(readingWords).join("; ") : null;
      tally = {
        ...tally,
        frames: tally.frames + 1,
        readings: tally.readings + (shown === null ? 0 : 1),
        asked: tally.asked + (shown !== null && wasAsked ? 1 : 0),
        // The same words may be said without having been asked for, and prove as much.
        answer: isAnswer ? frame : tally.answer,
        sample: frame,
        reading: shown ?? tally.reading,
      };
    }
  }
  return { ...tally, share: total === 0 ? 0 : good / total };
}

function verdictOf(
  { frames, readings, asked, answer, share }: Tally,
  { hasChecksum, readsAnything }: Protocol,
): { readonly certainty: Certainty; readonly why: string } | null {
  if (answer !== null) return { certainty: "certain", why: `answers ${printable(answer)}` };
  if (frames === 0) return null;
  const heard = `${frames} frame${frames === 1 ? "" : "s"}, ${Math.round(100 * share)} % of the bytes`;
  if (readsAnything === true) return { certainty: "possible", why: `${heard}, as any text would be` };
  if (hasChecksum === true && frames >= CERTAIN_CHECKSUMS)
    return { certainty: "certain", why: `${heard}, with checksums that hold` };
  if (readings >= LIKELY_READINGS && share >= LIKELY_SHARE) return { certainty: "likely", why: heard };
  if (asked > 0) return { certainty: "likely", why: `answers with a reading; ${heard}` };
  return { certainty: "possible", why: heard };
}

/** "12.345 kg, stable, gross". */
export function readingWords(quantity: Quantity): string {
  switch (quantity.kind) {
    case "mass":
      return `${formatDecimal(quantity.value)} ${quantity.unit}, ${quantity.stability}, ${quantity.mode}`;
    case "dimensions": {
      const edges = [quantity.length, quantity.width, quantity.height].map(formatDecimal);
      return `${edges.join(" x ")} ${quantity.unit}`;
    }
    case "item":
      return `item ${quantity.item}`;
  }
}

/** The text of a frame without its parity bits; control characters as a person writes them. */
function printable(frame: Uint8Array): string {
  const names: Readonly<Record<number, string>> = { 2: "<STX>", 3: "<ETX>", 6: "<ACK>", 10: "<LF>", 13: "<CR>" };
  return Array.from(frame, (byte) => byte & 0x7f)
    .map((byte) =>
      byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : (names[byte] ?? `<${byte.toString(16)}>`),
    )
    .join("");
}
