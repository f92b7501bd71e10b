import { type Fault, onLine } from "./fault.ts";

/** Says nothing for `forMs` after every `everyMs`: a hung device whose line stays open. */
export const silence = (everyMs: number, forMs: number, now: () => number): Fault =>
  onLine((line) => {
    const startMs = now();
    const silent = () => (now() - startMs) % (everyMs + forMs) >= everyMs;
    return { ...line, write: (bytes) => !silent() && line.write(bytes) };
  });
