import { AssessFailure } from "./failures.ts";

/** Joins the rows of concurrent calls into few runs (W3). Rows and answers keep their order within a call. */
export type Batching<Row, Answer> = {
  readonly ask: (rows: readonly Row[]) => Promise<readonly Answer[]>;
  /** Refuses further calls; resolves when the calls that were taken are answered. */
  readonly close: () => Promise<void>;
};

export type BatchingOptions<Row, Answer> = {
  /** One answer for each row, in order. */
  readonly run: (rows: readonly Row[]) => Promise<readonly Answer[]>;
  /** Called once when the first call of a turn arrives: calls `start` when the turn is over. */
  readonly afterTurn: (start: () => void) => void;
  /** The event loop is held for one run; this bounds for how long. */
  readonly maximumRowsInRun: number;
  readonly maximumRowsQueued: number;
};

type Waiting<Row, Answer> = {
  readonly rows: readonly Row[];
  readonly resolve: (answers: readonly Answer[]) => void;
  readonly reject: (failure: unknown) => void;
};

export function batching<Row, Answer>(options: BatchingOptions<Row, Answer>): Batching<Row, Answer> {
  const queue: Waiting<Row, Answer>[] = [];
  const onIdle: (() => void)[] = [];
  let queuedRows = 0;
  let working = false;
  let closed = false;

  const ask = async (rows: readonly Row[]): Promise<readonly Answer[]> => {
    if (closed) throw new AssessFailure("PREDICTOR_CLOSED", {});
    if (queuedRows + rows.length > options.maximumRowsQueued) {
      throw new AssessFailure("PREDICTION_QUEUE_FULL", { queuedRows, maximumRows: options.maximumRowsQueued });
    }
    // A call that is larger than a run is cut here, so that a run only ever joins whole entries of the queue.
    const parts = slices(rows, options.maximumRowsInRun).map(
      (part) =>
        new Promise<readonly Answer[]>((resolve, reject) => {
          queue.push({ rows: part, resolve, reject });
        }),
    );
    queuedRows += rows.length;
    if (!working && queue.length > 0) {
      working = true;
      options.afterTurn(() => void work());
    }
    return (await Promise.all(parts)).flat();
  };

  /** Runs until the queue is empty. Calls that arrive during a run form the next one. Never throws. */
  const work = async (): Promise<void> => {
    while (queue.length > 0) {
      const joined = takeUpTo(queue, options.maximumRowsInRun);
      const rows = joined.flatMap((waiting) => waiting.rows);
      try {
        settle(joined, await options.run(rows));
      } catch (failure) {
        for (const waiting of joined) waiting.reject(failure);
      }
      queuedRows -= rows.length;
    }
    working = false;
    for (const idle of onIdle.splice(0)) idle();
  };

  const close = async (): Promise<void> => {
    closed = true;
    if (working) await new Promise<void>((resolve) => onIdle.push(resolve));
  };

  return { ask, close };
}

function settle<Row, Answer>(joined: readonly Waiting<Row, Answer>[], answers: readonly Answer[]): void {
  let next = 0;
  for (const waiting of joined) {
    waiting.resolve(answers.slice(next, next + waiting.rows.length));
    next += waiting.rows.length;
  }
}

/** Takes entries off the front while they fit; at least one. */
function takeUpTo<Row, Answer>(queue: Waiting<Row, Answer>[], maximumRows: number): Waiting<Row, Answer>[] {
  let rows = 0;
  let count = 0;
  for (const waiting of queue) {
    if (count > 0 && rows + waiting.rows.length > maximumRows) break;
    rows += waiting.rows.length;
    count += 1;
  }
  return queue.splice(0, count);
}

function slices<Row>(rows: readonly Row[], size: number): readonly (readonly Row[])[] {
  const cut: (readonly Row[])[] = [];
  for (let from = 0; from < rows.length; from += size) cut.push(rows.slice(from, from + size));
  return cut;
}
