import { setTimeout as sleep } from "node:timers/promises";
import type { GatewayStatus } from "../../gateway/api/index.ts";

type Api = { readonly name: string; readonly url: string };

/** The status of a gateway, or null when it does not answer. */
export async function statusOf({ url }: Api): Promise<GatewayStatus | null> {
  const answer = await fetch(`${url}/v1/status`, { signal: AbortSignal.timeout(2_000) }).catch(() => null);
  return answer === null || !answer.ok ? null : ((await answer.json()) as GatewayStatus);
}

/** Asks until `what` gives something; throws after `timeoutMs` with the last that was seen. */
export async function eventually<T>(
  claim: string | (() => string),
  timeoutMs: number,
  what: () => Promise<T | null>,
): Promise<T> {
  const until = performance.now() + timeoutMs;
  while (performance.now() < until) {
    const found = await what();
    if (found !== null) return found;
    await sleep(100);
  }
  throw new Error(`within ${timeoutMs} ms it did not come true that ${typeof claim === "string" ? claim : claim()}`);
}

/** Every gateway answers, and everything that any of them accepted is final at all of them. */
export async function settled(apis: readonly Api[], timeoutMs: number): Promise<readonly GatewayStatus[]> {
  let seen = "nobody answered";
  const unsettled = (): string => `all that is accepted is final everywhere: ${seen}`;
  return eventually(unsettled, timeoutMs, async () => {
    const statuses = (await Promise.all(apis.map(statusOf))).filter((status) => status !== null);
    const accepted = statuses.reduce((sum, { counts }) => sum + counts.accepted, 0);
    seen = statuses
      .map(
        ({ gateway, counts, statements, view, halted }) =>
          `${gateway} ${counts.accepted} accepted ${statements} final view ${view} ${halted ?? ""}`,
      )
      .join(", ");
    return statuses.length === apis.length && statuses.every(({ statements }) => statements === accepted)
      ? statuses
      : null;
  });
}
