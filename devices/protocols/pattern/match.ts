import type { Program } from "./program.ts";

/** What the named groups hold; a group that took no part is absent. */
export type Groups = ReadonlyMap<string, string>;

const UNSET = -1;

type Thread = { readonly at: number; readonly slots: readonly number[] };

/**
 * PT1, PT3: holds a program against a whole line; null = it does not fit. All ways through the program go forward
 * together, one character at a time, and where two meet only the preferred one goes on: at most one look at each step
 * for each character, and the same answer on every machine.
 */
export function match({ steps, names }: Program, line: string): Groups | null {
  const seen = new Int32Array(steps.length).fill(UNSET);
  let threads = entered([{ at: 0, slots: names.flatMap(() => [UNSET, UNSET]) }], 0);
  for (let position = 0; position < line.length && threads.length > 0; position++) {
    const byte = line.charCodeAt(position);
    const moved: Thread[] = [];
    for (const { at, slots } of threads) {
      const step = steps[at];
      if (step?.kind === "byte" && step.set[byte] === 1) moved.push({ at: at + 1, slots });
    }
    threads = entered(moved, position + 1);
  }
  const done = threads.find(({ at }) => steps[at]?.kind === "done");
  return done === undefined ? null : groupsOf(names, done.slots, line);

  /** Where each of them stands after all steps that take no character, the preferred first. */
  function entered(from: readonly Thread[], position: number): readonly Thread[] {
    const standing: Thread[] = [];
    // A stack, not a recursion: the last one put on it is looked at first.
    const pending = from.toReversed();
    for (let thread = pending.pop(); thread !== undefined; thread = pending.pop()) {
      const { at, slots } = thread;
      const step = steps[at];
      if (step === undefined || seen[at] === position) continue;
      seen[at] = position;
      switch (step.kind) {
        case "byte":
        case "done":
          standing.push(thread);
          break;
        case "jump":
          pending.push({ at: step.to, slots });
          break;
        case "fork":
          pending.push({ at: step.second, slots }, { at: step.first, slots });
          break;
        case "mark":
          pending.push({ at: at + 1, slots: slots.with(step.slot, position) });
          break;
      }
    }
    return standing;
  }
}

function groupsOf(names: readonly string[], slots: readonly number[], line: string): Groups {
  const groups = new Map<string, string>();
  for (const [index, name] of names.entries()) {
    const [start = UNSET, end = UNSET] = slots.slice(2 * index, 2 * index + 2);
    if (start !== UNSET && end !== UNSET) groups.set(name, line.slice(start, end));
  }
  return groups;
}
