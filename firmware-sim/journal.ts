import { closeSync, mkdirSync, openSync, readFileSync, truncateSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/** What was presented: the truth that a gateway's records are compared with. `at` in Unix ms. */
export type JournalLine = {
  readonly at: number;
  readonly item: string;
  readonly grams?: number;
  readonly mm?: readonly [number, number, number];
  /** F15: nobody waited for the host, so it may be missing in the host's records. */
  readonly hasty?: true;
};

export type Presented = { readonly number: number; readonly line: JournalLine };

/** F6: a line before anything is sent; numbers count lines; a second file says which are over and done. */
export type Journal = {
  /** Number of the next line. */
  readonly count: () => number;
  /** What an earlier process presented and never finished, in order. */
  readonly unfinished: readonly Presented[];
  readonly present: (line: JournalLine) => Presented;
  readonly finish: (number: number) => void;
  readonly close: () => void;
};

/** Opens or goes on with a journal; null keeps nothing, for devices that nobody audits. */
export function openJournal(path: string | null): Journal {
  if (path === null) return forgetful();
  mkdirSync(dirname(path), { recursive: true });
  const presented = wholeLines(path).map((text, number) => ({ number, line: JSON.parse(text) as JournalLine }));
  const donePath = `${path}.done`;
  const done = new Set(wholeLines(donePath).map(Number));
  const journal = openSync(path, "a");
  const finished = openSync(donePath, "a");
  let count = presented.length;
  return {
    count: () => count,
    unfinished: presented.filter(({ number }) => !done.has(number)),
    present: (line) => {
      // One write call: a killed process leaves the whole line or none.
      writeSync(journal, `${JSON.stringify(line)}\n`);
      count += 1;
      return { number: count - 1, line };
    },
    finish: (number) => {
      writeSync(finished, `${number}\n`);
    },
    close: () => {
      closeSync(journal);
      closeSync(finished);
    },
  };
}

function forgetful(): Journal {
  let count = 0;
  return {
    count: () => count,
    unfinished: [],
    present: (line) => {
      count += 1;
      return { number: count - 1, line };
    },
    finish: () => {},
    close: () => {},
  };
}

/** Complete lines of a file that may not exist; a torn last line (power cut) was never acted on and is cut off. */
function wholeLines(path: string): readonly string[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  const end = text.lastIndexOf("\n") + 1;
  if (end < text.length) truncateSync(path, Buffer.byteLength(text.slice(0, end)));
  return text.slice(0, end).split("\n").slice(0, -1);
}
