import { cutStream } from "../../devices/protocols/index.ts";
import {
  type Command,
  commands,
  encodeLine,
  formatReply,
  lineOf,
  parseCommand,
  type Reply,
  takeFrame,
} from "../../devices/protocols/mt-sics/index.ts";
import { displayedGrams } from "../items.ts";
import { loadedWith, type Platform, type PlatformSettings, restingAt, sampleAt } from "./platform.ts";

export type FirmwareSettings = PlatformSettings & {
  readonly serial: string;
  readonly capacityGrams: number;
  /** How long S, Z and T wait for rest before they answer "I". */
  readonly stabilityTimeoutMs: number;
  /** Distance of two answers of SIR. */
  readonly repeatMs: number;
};

/** A scale that speaks MT-SICS: a value, changed by `step` only. */
export type Firmware = {
  readonly settings: FirmwareSettings;
  readonly platform: Platform;
  readonly zeroGrams: number;
  readonly tareGrams: number;
  readonly rest: Uint8Array;
  readonly waiting: { readonly command: "S" | "Z" | "T"; readonly untilMs: number } | null;
  readonly repeatAtMs: number | null;
};

export type FirmwareInput =
  | { readonly kind: "received"; readonly bytes: Uint8Array }
  | { readonly kind: "load"; readonly grams: number }
  | { readonly kind: "tick" };

/** `weighing` is set when the answer tells a host what lies on the platform. */
type Answer = {
  readonly bytes: Uint8Array;
  readonly weighing: { readonly grams: number; readonly stable: boolean } | null;
};

type Step = { readonly firmware: Firmware; readonly answers: readonly Answer[] };

/** OIML R76: beyond capacity + 9 divisions, and 20 divisions below zero, nothing is indicated. */
const OVERLOAD_DIVISIONS = 9;
const UNDERLOAD_DIVISIONS = 20;
/** OIML R76 4.5.1: zero setting within 4 % of the capacity (+-2 %). */
const ZERO_RANGE = 0.02;

export const switchedOn = (settings: FirmwareSettings, loadGrams: number): Firmware => ({
  settings,
  platform: restingAt(loadGrams),
  zeroGrams: 0,
  tareGrams: 0,
  rest: new Uint8Array(0),
  waiting: null,
  repeatAtMs: null,
});

export function step(firmware: Firmware, input: FirmwareInput, atMs: number): Step {
  switch (input.kind) {
    case "load":
      return { firmware: { ...firmware, platform: loadedWith(firmware.platform, input.grams, atMs) }, answers: [] };
    case "tick":
      return onTick(firmware, atMs);
    case "received":
      return onReceived(firmware, input.bytes, atMs);
  }
}

function onReceived(before: Firmware, bytes: Uint8Array, atMs: number): Step {
  const cut = cutStream(takeFrame, before.rest, bytes);
  let firmware: Firmware = { ...before, rest: cut.rest };
  const answers: Answer[] = [];
  for (const { kind, bytes: frame } of cut.parts) {
    if (kind === "noise") continue;
    const command = parseCommand(lineOf(frame) ?? "");
    const done =
      command === null ? answered(firmware, { kind: "error", error: "syntax-error" }) : obey(firmware, command, atMs);
    firmware = done.firmware;
    answers.push(...done.answers);
  }
  return { firmware, answers };
}

function onTick(firmware: Firmware, atMs: number): Step {
  const { waiting, repeatAtMs, settings } = firmware;
  if (waiting !== null) {
    if (sampleAt(firmware.platform, settings, atMs).stable)
      return atRest({ ...firmware, waiting: null }, waiting.command, atMs);
    if (atMs < waiting.untilMs) return { firmware, answers: [] };
    return answered({ ...firmware, waiting: null }, { kind: "refusal", command: waiting.command, reason: "busy" });
  }
  if (repeatAtMs === null || atMs < repeatAtMs) return { firmware, answers: [] };
  return { firmware: { ...firmware, repeatAtMs: atMs + settings.repeatMs }, answers: [weighing(firmware, "S", atMs)] };
}

/** A new command ends a stream and whatever an earlier one was waiting for. */
function obey(before: Firmware, command: Command, atMs: number): Step {
  const firmware: Firmware = { ...before, waiting: null, repeatAtMs: null };
  const { settings } = firmware;
  switch (command) {
    case "S":
    case "Z":
    case "T":
      return onTick({ ...firmware, waiting: { command, untilMs: atMs + settings.stabilityTimeoutMs } }, atMs);
    case "SI":
      return { firmware, answers: [weighing(firmware, "S", atMs)] };
    case "SIR":
      return onTick({ ...firmware, repeatAtMs: atMs }, atMs);
    case "ZI":
      return setZero(firmware, "ZI", atMs);
    case "TI":
      return setTare(firmware, "TI", atMs);
    case "TAC":
      return answered({ ...firmware, tareGrams: 0 }, { kind: "done", command: "TAC", stability: "unknown" });
    case "@":
      // Reset clears the tare, sets no zero, and answers as I4.
      return answered({ ...firmware, tareGrams: 0 }, information("I4", [settings.serial]));
    case "I0":
      return { firmware, answers: commandList() };
    case "I1":
      return answered(firmware, information("I1", ["01", "2.30", "2.22", "", ""]));
    case "I2":
      return answered(firmware, information("I2", [`TALLYSTICK-SIM ${(settings.capacityGrams / 1000).toFixed(3)} kg`]));
    case "I3":
      return answered(firmware, information("I3", ["1.0.0"]));
    case "I4":
      return answered(firmware, information("I4", [settings.serial]));
  }
}

function atRest(firmware: Firmware, command: "S" | "Z" | "T", atMs: number): Step {
  switch (command) {
    case "S":
      return { firmware, answers: [weighing(firmware, "S", atMs)] };
    case "Z":
      return setZero(firmware, "Z", atMs);
    case "T":
      return setTare(firmware, "T", atMs);
  }
}

function setZero(firmware: Firmware, command: "Z" | "ZI", atMs: number): Step {
  const { grams, stable } = sampleAt(firmware.platform, firmware.settings, atMs);
  const limit = ZERO_RANGE * firmware.settings.capacityGrams;
  // The errors of ZI come as Z (reference: dotnet-mettlertoledo).
  if (grams > limit) return answered(firmware, { kind: "refusal", command: "Z", reason: "overload" });
  if (grams < -limit) return answered(firmware, { kind: "refusal", command: "Z", reason: "underload" });
  const stability = command === "Z" ? "unknown" : stable ? "stable" : "motion";
  return answered({ ...firmware, zeroGrams: grams, tareGrams: 0 }, { kind: "done", command, stability });
}

function setTare(firmware: Firmware, command: "T" | "TI", atMs: number): Step {
  const { grams, stable } = sampleAt(firmware.platform, firmware.settings, atMs);
  const gross = displayedGrams(grams - firmware.zeroGrams, firmware.settings.divisionGrams);
  if (gross < 0) return answered(firmware, { kind: "refusal", command, reason: "underload" });
  if (gross > firmware.settings.capacityGrams)
    return answered(firmware, { kind: "refusal", command, reason: "overload" });
  const reply: Reply = { ...kilograms(gross), kind: "weight", command, stability: stable ? "stable" : "motion" };
  return answered({ ...firmware, tareGrams: gross }, reply);
}

function weighing(firmware: Firmware, command: "S", atMs: number): Answer {
  const { settings, zeroGrams, tareGrams } = firmware;
  const sample = sampleAt(firmware.platform, settings, atMs);
  const gross = displayedGrams(sample.grams - zeroGrams, settings.divisionGrams);
  if (gross > settings.capacityGrams + OVERLOAD_DIVISIONS * settings.divisionGrams) {
    return answerOf({ kind: "refusal", command, reason: "overload" });
  }
  if (gross < -UNDERLOAD_DIVISIONS * settings.divisionGrams) {
    return answerOf({ kind: "refusal", command, reason: "underload" });
  }
  const grams = gross - tareGrams;
  const reply: Reply = { ...kilograms(grams), kind: "weight", command, stability: sample.stable ? "stable" : "motion" };
  return { ...answerOf(reply), weighing: { grams, stable: sample.stable } };
}

/** Whole grams shown in kg with three decimals: divisions are whole grams (F10). */
const kilograms = (grams: number) => ({ value: { mantissa: grams, exponent: -3 }, unit: "kg" as const });

const answerOf = (reply: Reply): Answer => ({ bytes: encodeLine(formatReply(reply)), weighing: null });
const answered = (firmware: Firmware, reply: Reply): Step => ({ firmware, answers: [answerOf(reply)] });
const information = (command: string, fields: readonly string[], last = true): Reply => ({
  kind: "information",
  command,
  fields,
  last,
});

const commandList = (): readonly Answer[] =>
  commands.map(({ command, level }, index) =>
    answerOf(information("I0", [level.toString(), command], index === commands.length - 1)),
  );
