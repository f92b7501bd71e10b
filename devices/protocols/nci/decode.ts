import { exactKilograms, type Quantity } from "../../quantity/index.ts";
import { type Decoded, refused, status } from "../protocol.ts";
import { linesOf } from "./framing.ts";
import { type StatusBytes, statusBytes } from "./status-bytes.ts";
import { type WeightLine, weightLine } from "./weight-line.ts";

/** Decodes one raw reply: a weight with its status, a status alone, or the answer to an unknown command (NC2). */
export function decodeFrame(frame: Uint8Array): Decoded {
  const lines = linesOf(frame);
  if (lines === null) return refused("not one or two lines of LF, characters and CR, and ETX");
  const [first = "", second] = lines;
  if (second === undefined) return first === "?" ? status("syntax-error") : decodeStatus(first);
  const shown = weightLine(first);
  if (typeof shown === "string") return refused(shown);
  const bytes = statusBytes(second);
  if (typeof bytes === "string") return refused(bytes);
  return decodeWeight(shown, bytes);
}

function decodeStatus(line: string): Decoded {
  const bytes = statusBytes(line);
  if (typeof bytes === "string") return refused(bytes);
  return status(troubleOf(bytes) ?? restOf(bytes));
}

/** NC6: without a weight beside it, motion and zero are all that is left to say. */
function restOf({ motion, underCapacity, atZero }: StatusBytes): string {
  if (motion) return "motion";
  if (underCapacity) return "underload";
  return atZero ? "center-of-zero" : "ready";
}

/** NC6: a weight beside one of these means nothing. */
function troubleOf(bytes: StatusBytes): string | null {
  if (bytes.memoryError) return "memory-error";
  if (bytes.calibrationError) return "calibration-error";
  if (bytes.initialZeroError) return "zero-not-captured";
  return bytes.overCapacity ? "overload" : null;
}

function decodeWeight(shown: WeightLine, bytes: StatusBytes): Decoded {
  const trouble = troubleOf(bytes);
  if (trouble !== null) return status(trouble);
  if (shown.kind === "fill") return status(shown.status);
  if (bytes.underCapacity) return status(bytes.motion ? "motion" : "underload");
  if (shown.kind === "unit") return status("unit");
  const { value, unit } = shown;
  const metricUnit = unit !== "lb" && unit !== "oz";
  if (bytes.metric !== null && bytes.metric !== metricUnit)
    return refused(`the status says ${bytes.metric ? "metric" : "not metric"}, the unit is ${unit}`);
  if (exactKilograms(value, unit) === null) return refused("the weight has no exact value in kg");
  const stability = bytes.motion ? "motion" : "stable";
  const quantity: Quantity = { kind: "mass", value, unit, stability, mode: bytes.mode };
  return { kind: "quantities", quantities: [quantity], flags: bytes.atZero ? ["center-of-zero"] : [] };
}
