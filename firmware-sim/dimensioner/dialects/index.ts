import { type MeasuringSpeech, speechOf } from "../dialect.ts";
import { sick } from "./sick.ts";

/** Every dialect of a simulated dimensioner or scanner, freshly switched on, by its protocol. A new one is a file and a line. */
export const measuringDialects: ReadonlyMap<string, MeasuringSpeech> = new Map(
  [speechOf(sick, sick.switchedOn)].map((speech) => [speech.protocol, speech]),
);
