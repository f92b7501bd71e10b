import type { Fault } from "./fault.ts";

/** Pulls the plug for `forMs` after every `everyMs`. */
export const unplug =
  (everyMs: number, forMs: number): Fault =>
  (line) => {
    let closed = false;
    let timer: NodeJS.Timeout;
    const pull = () => {
      line.unplug();
      timer = setTimeout(replug, forMs);
    };
    const replug = () => {
      // A port that somebody took meanwhile: try again, as a person would.
      line.plug().then(
        () => wait(everyMs, pull),
        () => wait(forMs, replug),
      );
    };
    const wait = (ms: number, run: () => void) => {
      if (!closed) timer = setTimeout(run, ms);
    };
    wait(everyMs, pull);
    return {
      ...line,
      close: async () => {
        closed = true;
        clearTimeout(timer);
        await line.close();
      },
    };
  };
