import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { AssessFailure } from "./failures.ts";

/** The model that comes with this version of Tallystick. */
export const shippedModelPath = fileURLToPath(new URL("../../models/weight.onnx", import.meta.url));

/** SHA-256 of the model file in hex: what a site agrees on (W1). Throws MODEL_MISSING and MODEL_UNREADABLE. */
export async function modelSha256(modelPath: string): Promise<string> {
  return sha256Of(await readModel(modelPath));
}

/**
 * The bytes of the agreed model. The hash is checked before any other code sees the bytes: the engine's parser is native
 * code and is not to be fed an unknown file. Throws MODEL_MISSING, MODEL_UNREADABLE, MODEL_WRONG_HASH.
 */
export async function readAgreedModel(modelPath: string, expectedSha256: string): Promise<Uint8Array> {
  const bytes = await readModel(modelPath);
  const got = sha256Of(bytes);
  if (got !== expectedSha256) {
    throw new AssessFailure("MODEL_WRONG_HASH", { modelPath, expected: expectedSha256, got });
  }
  return bytes;
}

async function readModel(modelPath: string): Promise<Uint8Array> {
  try {
    return await readFile(modelPath);
  } catch (failure) {
    const code = failure instanceof Error && "code" in failure ? String(failure.code) : String(failure);
    if (code === "ENOENT") throw new AssessFailure("MODEL_MISSING", { modelPath });
    throw new AssessFailure("MODEL_UNREADABLE", { modelPath, cause: code });
  }
}

function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
