import { type Speaker, speakerOf } from "./dialect.ts";
import { mtSics } from "./mt-sics.ts";
import { nci } from "./nci.ts";
import { sma } from "./sma.ts";
import { toledo8217Kg, toledo8217Lb } from "./toledo-8217.ts";
import { toledoContinuous, toledoContinuousChecksum } from "./toledo-continuous.ts";

export type { Answer, Dialect, DialectInput, DialectStep, Speaker, Speech } from "./dialect.ts";

/** Every dialect of a simulated scale by its protocol. A new one is a file here and a line in this table (F16). */
export const dialects: ReadonlyMap<string, Speaker> = new Map(
  [
    speakerOf(mtSics),
    speakerOf(nci),
    speakerOf(sma),
    speakerOf(toledo8217Kg),
    speakerOf(toledo8217Lb),
    speakerOf(toledoContinuous),
    speakerOf(toledoContinuousChecksum),
  ].map((speaker) => [speaker.protocol, speaker]),
);
