import { setTimeout as sleep } from "node:timers/promises";
import { AssessFailure } from "./failures.ts";
import type { Recheck } from "./recheck.ts";

const RETRY_MS = 20;

/** W9: whoever may not be told "try again" gets its verdict later. Every other failure is thrown at once. */
export const patient =
  (check: Recheck): Recheck =>
  async (lane, statements) => {
    for (;;) {
      try {
        return await check(lane, statements);
      } catch (error) {
        if (!(error instanceof AssessFailure && error.remedy === "retry")) throw error;
        await sleep(RETRY_MS);
      }
    }
  };
