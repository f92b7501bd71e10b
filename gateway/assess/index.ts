export { assess } from "./assess.ts";
export { AssessFailure, type AssessFailureCode } from "./failures.ts";
export { modelSha256, shippedModelPath } from "./model-file.ts";
export { patient } from "./patience.ts";
export { judge } from "./policy.ts";
export { type DimensionsMm, loadPredictor, type Prediction, type Predictor } from "./predictor.ts";
export { falsehood, recheck, type Recheck } from "./recheck.ts";
