import type { Line } from "../lines/line.ts";

/** Begins something `everyMs` after the last end (or the start), and ends it `forMs` later, until the line is closed. */
export function recurring(
  line: Line,
  { everyMs, forMs }: { readonly everyMs: number; readonly forMs: number },
  { begin, end }: { readonly begin: () => void; readonly end: () => void },
): Line {
  let timer = setTimeout(begun, everyMs);
  function begun(): void {
    begin();
    timer = setTimeout(ended, forMs);
  }
  function ended(): void {
    end();
    timer = setTimeout(begun, everyMs);
  }
  return {
    ...line,
    close: async () => {
      clearTimeout(timer);
      await line.close();
    },
  };
}
