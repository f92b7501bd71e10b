import type { Decimal, MassUnit } from "../../devices/quantity/index.ts";
import { type Indication, indicationAt } from "../scale/indicator.ts";
import type { Answer, Dialect } from "./dialect.ts";

/** State: when the next report is due. */
export const usbHid: Dialect<number> = {
  protocol: "usb-hid",
  switchedOn: () => 0,
  step: (nextAtMs, indicator, input, atMs) => {
    // The control report of the usage tables (zero) is ignored, as most of these scales do.
    if (input.kind === "received" || atMs < nextAtMs)
      return { state: nextAtMs, indicator, answers: [], wakeAtMs: nextAtMs };
    const next = atMs + indicator.settings.outputMs;
    return { state: next, indicator, answers: [report(indicationAt(indicator, atMs))], wakeAtMs: next };
  },
};

const DATA_REPORT = 0x03;
/** HID Point of Sale usage tables, weighing devices: scale status and weight units. */
const statuses = { zero: 2, motion: 3, stable: 4, underZero: 5, overload: 6 } as const;
const units: Readonly<Record<MassUnit, number>> = { mg: 1, g: 2, kg: 3, t: 8, oz: 11, lb: 12 };

function report(shown: Indication): Answer {
  const nothing: Decimal = { mantissa: 0, exponent: 0 };
  if (shown.kind !== "weight")
    return said(shown.kind === "overload" ? statuses.overload : statuses.underZero, shown.unit, nothing);
  const { net, unit, stable, centerOfZero, tared, weighing } = shown;
  if (net.mantissa < 0) return said(statuses.underZero, unit, { ...net, mantissa: -net.mantissa });
  const isZero = stable && centerOfZero && !tared && net.mantissa === 0;
  const status = isZero ? statuses.zero : stable ? statuses.stable : statuses.motion;
  return { ...said(status, unit, net), weighing };
}

function said(status: number, unit: MassUnit, { mantissa, exponent }: Decimal): Answer {
  const bytes = new Uint8Array(6);
  const view = new DataView(bytes.buffer);
  bytes.set([DATA_REPORT, status, units[unit]]);
  view.setInt8(3, exponent);
  view.setUint16(4, mantissa, true);
  return { bytes, weighing: null };
}
