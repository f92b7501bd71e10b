/**
 * Resolves with a word for why the process should stop: a signal, or that the process which started it is gone (M7). Call
 * once, before anything is opened.
 */
export function stopRequested(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => resolve(signal));
    process.once("disconnect", () => resolve("the starting process is gone"));
  });
}

/** Tells the process that started this one, if any, that it is ready. */
export function tellReady(): void {
  process.send?.({ kind: "ready" });
}

/** Ends the process after `ms` although something holds it: what was accepted is on disk (N7). */
export function endWithin(ms: number, exitCode: number): void {
  setTimeout(() => process.exit(exitCode), ms).unref();
}
