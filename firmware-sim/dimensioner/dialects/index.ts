import { type MeasuringSpeech, speechOf } from "../dialect.ts";
import { cubiscan } from "./cubiscan.ts";
import { scannerGs1, scannerLine } from "./scanner.ts";
import { sick } from "./sick.ts";
import { vmeasure } from "./vmeasure.ts";

/** Every dialect of a simulated dimensioner or scanner, freshly switched on, by its protocol. A new one is a file and a line. */
export const measuringDialects: ReadonlyMap<string, MeasuringSpeech> = new Map(
  [
    speechOf(cubiscan, cubiscan.switchedOn),
    speechOf(scannerGs1, scannerGs1.switchedOn),
    speechOf(scannerLine, scannerLine.switchedOn),
    speechOf(sick, sick.switchedOn),
    speechOf(vmeasure, vmeasure.switchedOn),
  ].map((speech) => [speech.protocol, speech]),
);
