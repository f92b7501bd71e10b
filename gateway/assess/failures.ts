/** Failures of the world that assessment can meet, by code (rule W8 of the README). */
type Failures = {
  MODEL_MISSING: { readonly modelPath: string };
  MODEL_UNREADABLE: { readonly modelPath: string; readonly cause: string };
  MODEL_WRONG_HASH: { readonly modelPath: string; readonly expected: string; readonly got: string };
  MODEL_DAMAGED: { readonly modelPath: string; readonly cause: string };
  MODEL_WRONG_SHAPE: { readonly modelPath: string; readonly expected: string; readonly got: string };
  MODEL_NOT_OF_SITE: { readonly site: string; readonly expected: string; readonly got: string };
  PREDICTION_QUEUE_FULL: { readonly queuedRows: number; readonly maximumRows: number };
  PREDICTION_FAILED: { readonly cause: string };
  PREDICTOR_CLOSED: Readonly<Record<string, never>>;
};

export type AssessFailureCode = keyof Failures;

/** `retry`: try again later. `restart`: nothing can be assessed; mend what the sentence names and start again. */
const remedies = {
  MODEL_MISSING: "restart",
  MODEL_UNREADABLE: "restart",
  MODEL_WRONG_HASH: "restart",
  MODEL_DAMAGED: "restart",
  MODEL_WRONG_SHAPE: "restart",
  MODEL_NOT_OF_SITE: "restart",
  PREDICTION_QUEUE_FULL: "retry",
  PREDICTION_FAILED: "restart",
  PREDICTOR_CLOSED: "restart",
} as const satisfies Record<AssessFailureCode, "retry" | "restart">;

/** One sentence each: what, where, what to do. */
const sentences: { readonly [Code in AssessFailureCode]: (details: Failures[Code]) => string } = {
  MODEL_MISSING: ({ modelPath }) =>
    `there is no model at ${modelPath}; put the site's weight.onnx there or correct the path`,
  MODEL_UNREADABLE: ({ modelPath, cause }) =>
    `the model at ${modelPath} cannot be read (${cause}); give this user the right to read it`,
  MODEL_WRONG_HASH: ({ modelPath, expected, got }) =>
    `the model at ${modelPath} is damaged or not the site's: its SHA-256 is ${got}, the site agreed on ${expected}; copy the site's weight.onnx again`,
  MODEL_DAMAGED: ({ modelPath, cause }) =>
    `the model at ${modelPath} is not a usable ONNX file (${cause}); train it again and agree on its new SHA-256`,
  MODEL_WRONG_SHAPE: ({ modelPath, expected, got }) =>
    `the model at ${modelPath} does not have the shape of a weight model: expected ${expected}, got ${got}; use a weight.onnx made by models/train.py`,
  MODEL_NOT_OF_SITE: ({ site, expected, got }) =>
    `the loaded model ${got} is not the one that site ${site} agreed on, ${expected}; load the site's weight.onnx`,
  PREDICTION_QUEUE_FULL: ({ queuedRows, maximumRows }) =>
    `${queuedRows} rows wait for a prediction and at most ${maximumRows} may; try again when some are done`,
  PREDICTION_FAILED: ({ cause }) => `the model could not be run (${cause}); restart the gateway`,
  PREDICTOR_CLOSED: () => "the predictor is closed; the gateway is stopping",
};

export class AssessFailure<Code extends AssessFailureCode = AssessFailureCode> extends Error {
  readonly code: Code;
  readonly remedy: "retry" | "restart";
  readonly details: Failures[Code];

  constructor(code: Code, details: Failures[Code]) {
    super(sentences[code](details));
    this.name = "AssessFailure";
    this.code = code;
    this.remedy = remedies[code];
    this.details = details;
  }
}
