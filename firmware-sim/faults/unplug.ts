import { type Fault, onLine } from "./fault.ts";

/** Pulls the plug for `forMs` after every `everyMs`. `elsewhere`: it comes back under another name, as ttyUSB0 becomes ttyUSB1. */
export const unplug = (everyMs: number, forMs: number, elsewhere: boolean): Fault =>
  onLine((line) => {
    let closed = false;
    let timer: NodeJS.Timeout;
    const pull = () => {
      line.unplug();
      timer = setTimeout(replug, forMs);
    };
    const replug = () => {
      // A port that somebody took meanwhile: try again, as a person would.
      line.plug(elsewhere).then(
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
  });
