/**
 * D4: `must-speak`: silence for `silentAfterMs` is a fault; halfway there the device is asked, if it can be. `may-be-quiet`:
 * after `quietMs` it is asked whether it is still there, and silence after that is a fault.
 */
export type LivenessRule =
  | { readonly kind: "must-speak"; readonly silentAfterMs: number; readonly ask: (() => void) | null }
  | {
      readonly kind: "may-be-quiet";
      readonly quietMs: number;
      readonly silentAfterMs: number;
      readonly ask: () => void;
    };

export type Liveness = {
  /** A valid frame came. */
  readonly heard: () => void;
  readonly stop: () => void;
};

/** Starts watching; `silent` comes at most once. */
export function watchLiveness(rule: LivenessRule, silent: () => void): Liveness {
  switch (rule.kind) {
    case "must-speak": {
      const fault = setTimeout(silent, rule.silentAfterMs);
      const asking = rule.ask === null ? null : setTimeout(rule.ask, rule.silentAfterMs / 2);
      return {
        heard: () => {
          // Cheaper than a new timer, ten times a second for every device.
          fault.refresh();
          asking?.refresh();
        },
        stop: () => {
          clearTimeout(fault);
          if (asking !== null) clearTimeout(asking);
        },
      };
    }
    case "may-be-quiet": {
      let fault: NodeJS.Timeout | null = null;
      const asking = setTimeout(() => {
        fault = setTimeout(silent, rule.silentAfterMs);
        rule.ask();
      }, rule.quietMs);
      const forget = (): void => {
        if (fault !== null) clearTimeout(fault);
        fault = null;
      };
      return {
        heard: () => {
          forget();
          asking.refresh();
        },
        stop: () => {
          forget();
          clearTimeout(asking);
        },
      };
    }
  }
}
