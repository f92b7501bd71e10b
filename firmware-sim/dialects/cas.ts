import { type Indication, indicationAt, type Indicator } from "../scale/indicator.ts";
import type { Answer, Dialect } from "./dialect.ts";
import { bytesOf, digitsOf, isNegative, saying } from "./text.ts";

/** Whether the host has enquired and may now request. */
type State = { readonly enquired: boolean };

const ENQ = 0x05;
const DC1 = 0x11;
const ACK = "\x06";
const NAK = "\x15";

/** CAS PD-II, interface type 6. */
export const cas: Dialect<State> = {
  protocol: "cas",
  switchedOn: () => ({ enquired: false }),
  step: (before, indicator, input, atMs) => {
    let state = before;
    const answers: Answer[] = [];
    for (const byte of input.kind === "received" ? input.bytes : []) {
      if (byte === ENQ) answers.push(saying(ACK));
      if (byte === DC1) answers.push(state.enquired ? weighing(indicator, atMs) : saying(NAK));
      // What is neither ends the handshake.
      state = { enquired: byte === ENQ };
    }
    return { state, indicator, answers, wakeAtMs: null };
  },
};

function weighing(indicator: Indicator, atMs: number): Answer {
  const shown = indicationAt(indicator, atMs);
  const data = bytesOf(blockOf(shown));
  const check = data.reduce((sum, byte) => sum ^ byte, 0);
  const bytes = Uint8Array.of(0x01, 0x02, ...data, check, 0x03, 0x04);
  return { bytes, weighing: shown.kind === "weight" ? shown.weighing : null };
}

/** Status, sign, six digits, unit. */
function blockOf(shown: Indication): string {
  const state = shown.stable ? "S" : "U";
  const unit = shown.unit.padStart(2);
  if (shown.kind !== "weight") return `${state}FFFFFFF${unit}`;
  const { net } = shown;
  const digits = digitsOf(net);
  return `${state}${isNegative(net) ? "-" : " "}${digits.padStart(6, "0")}${unit}`;
}
