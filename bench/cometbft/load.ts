import { setTimeout as sleep } from "node:timers/promises";
import type { Testnet } from "./testnet.ts";

export type Figures = {
  readonly measurementsPerSecond: number;
  readonly offeredPerSecond: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
};

export type LoadOptions = {
  /** Of all validators together; null = as fast as it goes. */
  readonly rate: number | null;
  readonly payloadBytes: number;
  readonly warmUpMs: number;
  readonly seconds: number;
};

const TICK_MS = 2;
/** Not yet in a block, of all validators together: below the pool of 5,000 that the default configuration has, above what a block takes. */
const UNCOMMITTED = 4_500;
const KEY_DIGITS = 12;
/** Base64 of the key: "t" and the digits, 13 bytes, are whole within 20 characters. */
const KEY_BASE64 = 20;

/**
 * Transactions of the wanted size through every validator's RPC in turn; a transaction is committed when the block that holds it is told by the first
 * validator. Latency is from handing it over until then, of those handed over after the warm-up.
 */
export async function loadTestnet({ rpc }: Testnet, options: LoadOptions): Promise<Figures> {
  const { rate, payloadBytes, warmUpMs, seconds } = options;
  const sentAtMs: number[] = [];
  const latencies: number[] = [];
  let committed = 0;
  let refused = 0;
  let measuring = false;
  let measuredFrom = Number.POSITIVE_INFINITY;

  const onCommitted = (key: number): void => {
    committed += 1;
    const at = sentAtMs[key];
    if (at !== undefined && at >= measuredFrom && measuring) latencies.push(performance.now() - at);
  };
  const sockets = await Promise.all(rpc.map(opened));
  const [first] = sockets;
  if (first === undefined) throw new Error("a testnet has validators");
  for (const socket of sockets) {
    socket.addEventListener("message", ({ data }) => {
      const answer = JSON.parse(String(data)) as Answer;
      if (answer.id === SUBSCRIPTION) for (const key of keysOf(answer)) onCommitted(key);
      else if (answer.error !== undefined || (answer.result?.code ?? 0) !== 0) refused += 1;
    });
  }
  first.send(
    JSON.stringify({ jsonrpc: "2.0", id: SUBSCRIPTION, method: "subscribe", params: { query: "tm.event='NewBlock'" } }),
  );

  const filling = "x".repeat(payloadBytes - KEY_DIGITS - 2);
  const submit = (): void => {
    const key = sentAtMs.length;
    const tx = Buffer.from(`t${String(key).padStart(KEY_DIGITS, "0")}=${filling}`).toString("base64");
    sentAtMs.push(performance.now());
    sockets[key % sockets.length]?.send(
      `{"jsonrpc":"2.0","id":1,"method":"broadcast_tx_sync","params":{"tx":"${tx}"}}`,
    );
  };
  const startedAt = performance.now();
  const ticking = setInterval(() => {
    const due = rate === null ? Number.POSITIVE_INFINITY : ((performance.now() - startedAt) * rate) / 1_000;
    while (sentAtMs.length < due && sentAtMs.length - committed - refused < UNCOMMITTED) submit();
  }, TICK_MS);
  try {
    await sleep(warmUpMs);
    measuring = true;
    measuredFrom = performance.now();
    const before = { committed, sent: sentAtMs.length };
    await sleep(seconds * 1_000);
    const passedS = (performance.now() - measuredFrom) / 1_000;
    measuring = false;
    if (refused > 0) process.stderr.write(`bench: ${refused} transactions were refused by a full pool\n`);
    return {
      measurementsPerSecond: round((committed - before.committed) / passedS),
      offeredPerSecond: round((sentAtMs.length - before.sent) / passedS),
      p50Ms: quantile(latencies, 0.5),
      p99Ms: quantile(latencies, 0.99),
    };
  } finally {
    clearInterval(ticking);
    for (const socket of sockets) socket.close();
  }
}

const SUBSCRIPTION = 0;

type Answer = {
  readonly id: number;
  readonly error?: unknown;
  readonly result?: {
    readonly code?: number;
    readonly data?: { readonly value?: { readonly block?: { readonly data?: { readonly txs?: readonly string[] } } } };
  };
};

function keysOf({ result }: Answer): readonly number[] {
  const transactions = result?.data?.value?.block?.data?.txs ?? [];
  return transactions.map((tx) =>
    Number(
      Buffer.from(tx.slice(0, KEY_BASE64), "base64")
        .toString("latin1")
        .slice(1, KEY_DIGITS + 1),
    ),
  );
}

async function opened(address: string): Promise<WebSocket> {
  const socket = new WebSocket(`ws://${address}/websocket`);
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener("open", () => resolve(), { once: true });
    socket.addEventListener("error", () => reject(new Error(`no web socket at ${address}`)), { once: true });
  });
  return socket;
}

function quantile(values: readonly number[], share: number): number | null {
  const rising = Float64Array.from(values).toSorted();
  const value = rising[Math.min(rising.length - 1, Math.floor(share * rising.length))];
  return value === undefined ? null : round(value);
}

const round = (value: number): number => Math.round(value * 10) / 10;
