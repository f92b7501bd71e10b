import { type Speaker, speakerOf } from "./dialect.ts";
import { mtSics } from "./mt-sics.ts";

export type { Answer, Dialect, DialectInput, DialectStep, Speaker, Speech } from "./dialect.ts";

/** Every dialect of a simulated scale by its protocol. A new one is a file here and a line in this table (F16). */
export const dialects: ReadonlyMap<string, Speaker> = new Map(
  [speakerOf(mtSics)].map((speaker) => [speaker.protocol, speaker]),
);
