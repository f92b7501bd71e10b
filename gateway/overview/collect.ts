/** Asks the gateways. Every question has a time limit and every answer a size limit (O2, O3). */
import type { GatewayAnswer } from "./answer.ts";
import { answering } from "./answer.ts";
import type { GatewayStatus, Measurement } from "./status.ts";
import { parseMeasurements, parseStatus } from "./status.ts";

export type GatewayAddress = { readonly name: string; readonly url: string };

const TIMEOUT_MS = 1000;
const ANSWER_BYTES = 4 * 1024 * 1024;
/** Newest measurements shown. */
const NEWEST = 16;

export type Memory = {
  readonly firstAskedMs: number;
  readonly last: ReadonlyMap<string, { readonly status: GatewayStatus; readonly atMs: number }>;
};

/** Asks all gateways at once. Never throws: a gateway that does not answer within a second is `gone`. */
export async function askAll(
  site: string,
  addresses: readonly GatewayAddress[],
  memory: Memory,
  nowMs: () => number,
): Promise<readonly GatewayAnswer[]> {
  return Promise.all(addresses.map(async (address) => ask(site, address, memory, nowMs)));
}

async function ask(
  site: string,
  { name, url }: GatewayAddress,
  memory: Memory,
  nowMs: () => number,
): Promise<GatewayAnswer> {
  const known = memory.last.get(name);
  const last = known?.status ?? null;
  const fetched = await fetchJson(`${url}/v1/status`);
  if (fetched.kind === "silent") {
    return { kind: "gone", name, url, last, silentMs: nowMs() - (known?.atMs ?? memory.firstAskedMs) };
  }
  if (fetched.kind === "unreadable") return { kind: "unreadable", name, url, last, reason: fetched.reason };
  const parsed = parseStatus(fetched.json);
  if (parsed.kind === "reject") return { kind: "unreadable", name, url, last, reason: parsed.reason };
  const status = parsed.value;
  if (status.site !== site || status.gateway !== name) {
    return {
      kind: "unreadable",
      name,
      url,
      last,
      reason: `it says that it is ${status.gateway} of site ${status.site}`,
    };
  }
  return { kind: "answering", name, url, status };
}

/** The newest finalized measurements in log order, from the gateway whose log is longest. Empty when none can say. */
export async function askNewest(answers: readonly GatewayAnswer[]): Promise<readonly Measurement[]> {
  const longest = answering(answers).toSorted((a, b) => b.statements - a.statements)[0];
  const address = answers.find((answer) => answer.name === longest?.gateway);
  if (longest === undefined || address === undefined || longest.statements === 0) return [];
  const after = longest.statements - NEWEST - 1;
  const fetched = await fetchJson(
    `${address.url}/v1/measurements?${after < 0 ? "" : `after=${after}&`}limit=${NEWEST}`,
  );
  if (fetched.kind !== "json") return [];
  const parsed = parseMeasurements(fetched.json);
  return parsed.kind === "accept" ? parsed.value : [];
}

type Fetched =
  | { readonly kind: "json"; readonly json: unknown }
  | { readonly kind: "silent" }
  | { readonly kind: "unreadable"; readonly reason: string };

async function fetchJson(url: string): Promise<Fetched> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: "error" });
    const text = await boundedText(response);
    if (!response.ok) return { kind: "unreadable", reason: `HTTP status ${response.status}` };
    if (text === null) return { kind: "unreadable", reason: `an answer of more than ${ANSWER_BYTES} bytes` };
    return jsonOf(text);
  } catch (error) {
    // Refused, reset, timed out: all are "not there" to the person who looks at the page. Anything else is a bug.
    if (error instanceof TypeError || error instanceof DOMException) return { kind: "silent" };
    throw error;
  }
}

function jsonOf(text: string): Fetched {
  try {
    return { kind: "json", json: JSON.parse(text) };
  } catch (error) {
    if (error instanceof SyntaxError) return { kind: "unreadable", reason: "the answer is not JSON" };
    throw error;
  }
}

/** Null when the body is larger than the limit; the rest of it is not read. */
async function boundedText(response: Response): Promise<string | null> {
  if (response.body === null) return "";
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.byteLength;
    if (bytes > ANSWER_BYTES) return null;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
