import { bytesOf } from "../../dialects/text.ts";
import type { MeasuringDialect, Presented, Telegram } from "../dialect.ts";

type State = {
  /** The unfinished request. */
  readonly rest: string;
  readonly scans: number;
  /** What the newest scan saw; null = there was none. */
  readonly scanned: Presented | null;
};

const LONGEST = 4_096;
const END = "\r\n\r\n";

/** A vMeasure with its web server: it scans what is presented, once, and shows the newest scan to whoever asks. */
export const vmeasure: MeasuringDialect<State> = {
  protocol: "vmeasure",
  measures: ["dimensions", "item"],
  wire: "http",
  switchedOn: { rest: "", scans: 0, scanned: null },
  step: (state, presented, input) => {
    if (input.kind === "measured") {
      const isNew = presented !== null && presented !== state.scanned;
      return { state: isNew ? { ...state, scans: state.scans + 1, scanned: presented } : state, telegrams: [] };
    }
    const requests = (state.rest + Buffer.from(input.bytes).toString("latin1")).split(END);
    const rest = (requests.pop() ?? "").slice(-LONGEST);
    return { state: { ...state, rest }, telegrams: requests.map((request) => answer(request, state, presented)) };
  },
};

function answer(request: string, state: State, presented: Presented | null): Telegram {
  const [method, path] = request.split(" ");
  if (path !== "/api/dimension/") return { bytes: response("404 Not Found", ""), tells: false };
  if (method !== "GET") return { bytes: response("405 Method Not Allowed", ""), tells: false };
  const tells = presented !== null && presented === state.scanned;
  return { bytes: response("200 OK", JSON.stringify(pageOf(state))), tells };
}

const response = (status: string, body: string): Uint8Array =>
  bytesOf(`HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}${END}${body}`);

/** Numbers are texts, times are local; as in the maker's example. */
function pageOf({ scans, scanned }: State): Readonly<Record<string, string | boolean>> {
  const [length, width, height] = (scanned?.mm ?? [0, 0, 0]).map((mm) => (mm / 10).toFixed(1));
  const two = (value: number): string => (value % 60).toString().padStart(2, "0");
  return {
    id: scans.toString(),
    scannedOn: `Wed Jan 20, 2021 04:${two(Math.floor(scans / 60))}:${two(scans)} PM`,
    status: scanned !== null,
    dimensionUnit: "cm",
    length: length ?? "",
    width: width ?? "",
    height: height ?? "",
    volumetricWeight: "0.00",
    weightUnit: "kg",
    sku: scanned?.item ?? "",
    actualWeight: "0.00",
    additionalInfo: "",
  };
}
