import { encodeLine } from "../line/index.ts";

/** Commands of MT-SICS level 0 and the tare commands of level 1 (M5). */
export type Command = "S" | "SI" | "SIR" | "Z" | "ZI" | "T" | "TI" | "TAC" | "I0" | "I1" | "I2" | "I3" | "I4" | "@";

export const commands: readonly { readonly command: Command; readonly level: 0 | 1 }[] = [
  { command: "I0", level: 0 },
  { command: "I1", level: 0 },
  { command: "I2", level: 0 },
  { command: "I3", level: 0 },
  { command: "I4", level: 0 },
  { command: "S", level: 0 },
  { command: "SI", level: 0 },
  { command: "SIR", level: 0 },
  { command: "Z", level: 0 },
  { command: "ZI", level: 0 },
  { command: "@", level: 0 },
  { command: "T", level: 1 },
  { command: "TI", level: 1 },
  { command: "TAC", level: 1 },
];

/** Commands are upper case and exact; null = the scale answers ES. */
export const parseCommand = (line: string): Command | null =>
  commands.find((entry) => entry.command === line)?.command ?? null;

export const encodeCommand = (command: Command): Uint8Array => encodeLine(command);
