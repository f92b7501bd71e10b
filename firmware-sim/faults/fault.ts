import type { Line } from "../lines/line.ts";

/** What may go wrong between a device and its host: a line made worse. Faults stack (F9). */
export type Fault = (line: Line) => Line;
