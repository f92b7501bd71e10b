export { buildReceipt, type ReceiptInput } from "./build.ts";
export { type ReceiptFiles, type UnpackedReceipt, unpackReceipt } from "./unpack.ts";
export { type Check, CHECKS, type ReceiptSummary, type VerifiedReceipt, verifyReceipt } from "./verify.ts";
