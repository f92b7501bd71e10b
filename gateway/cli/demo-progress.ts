import { writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

type Api = { readonly name: string; readonly url: string };
type Counts = { readonly accepted: number; readonly final: number; readonly anchored: number };

const LOOK_MS = 100;
const LINE_MS = 10_000;
const TERMINAL_LINE_MS = 500;

/**
 * Waits for the first measurement that is anchored in this run and keeps its receipt in `file`. In a site that was just
 * `created` that is number 0 of some gateway, else the first that was not anchored when its gateway was first seen.
 * Null = stopped before.
 */
export async function firstAnchored(
  apis: readonly Api[],
  created: boolean,
  file: string,
  signal: AbortSignal,
): Promise<{ readonly gateway: string; readonly number: number } | null> {
  const before = new Map<string, number>();
  while (!signal.aborted) {
    for (const { name, url } of apis) {
      const counts = await countsOf(url);
      if (counts === null) continue;
      const number = before.get(name) ?? (created ? 0 : counts.anchored);
      before.set(name, number);
      if (counts.anchored > number && (await keepReceipt(`${url}/v1/measurements/${name}/${number}/receipt`, file))) {
        return { gateway: name, number };
      }
    }
    await pause(LOOK_MS, signal);
  }
  return null;
}

/** A quiet line with the totals: in place on a terminal, otherwise every 10 s. Resolves when stopped. */
export async function watchSite(apis: readonly Api[], signal: AbortSignal): Promise<void> {
  const terminal = process.stdout.isTTY;
  const last = new Map<string, Counts>();
  while (!signal.aborted) {
    for (const { name, url } of apis) {
      const counts = await countsOf(url);
      if (counts !== null) last.set(name, counts);
    }
    const line = lineOf([...last.values()]);
    process.stdout.write(terminal ? `\r\x1b[K${line}` : `${line}\n`);
    await pause(terminal ? TERMINAL_LINE_MS : LINE_MS, signal);
  }
  if (terminal) process.stdout.write("\n");
}

function lineOf(counts: readonly Counts[]): string {
  const total = (pick: (one: Counts) => number): number => counts.reduce((sum, one) => sum + pick(one), 0);
  return `accepted ${total((one) => one.accepted)}  final ${total((one) => one.final)}  anchored ${total((one) => one.anchored)}`;
}

/** Null when the gateway does not answer: it may have been killed, and the site goes on without it. */
async function countsOf(url: string): Promise<Counts | null> {
  try {
    const answer = await fetch(`${url}/v1/status`, { signal: AbortSignal.timeout(1_000) });
    return answer.ok ? ((await answer.json()) as { counts: Counts }).counts : null;
  } catch {
    return null;
  }
}

async function keepReceipt(url: string, file: string): Promise<boolean> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(() => null);
  if (answer === null || !answer.ok) return false;
  await writeFile(file, new Uint8Array(await answer.arrayBuffer()));
  return true;
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  sleep(ms, undefined, { signal }).catch(() => undefined);
