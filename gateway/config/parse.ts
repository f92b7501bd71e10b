import { type Document, isMap, LineCounter, type Node, parseDocument } from "yaml";
import { gatewaySchema, type GatewaySettings, knownKeys } from "./schema.ts";
import { nearestName } from "./nearest.ts";

/** C2: what is wrong, where, and what to write instead. `line` counts from 1. */
export type ConfigFault = {
  readonly file: string;
  readonly line: number;
  readonly path: string;
  readonly sentence: string;
};

export type ParsedConfig =
  | {
      readonly kind: "accept";
      readonly settings: GatewaySettings;
      readonly lineOf: (path: readonly PropertyKey[]) => number;
    }
  | { readonly kind: "reject"; readonly faults: readonly ConfigFault[] };

/** Parses the text of a gateway.yaml (YAML 1.2). `file` is only named in faults. Never throws. */
export function parseConfig(text: string, file: string): ParsedConfig {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const broken = document.errors.map((error): ConfigFault => {
    const { line } = lines.linePos(error.pos[0]);
    return { file, line, path: "", sentence: `${file}:${line}: this is not YAML: ${firstLine(error.message)}` };
  });
  if (broken.length > 0) return { kind: "reject", faults: broken };

  const lineOf = (path: readonly PropertyKey[]): number => {
    const at = offsetOf(document.contents, path);
    return at === null ? 1 : lines.linePos(at).line;
  };
  const content = contentOf(document);
  if (content.kind === "broken") {
    return {
      kind: "reject",
      faults: [{ file, line: 1, path: "", sentence: `${file}:1: this is not YAML: ${content.reason}` }],
    };
  }
  const { raw } = content;
  const result = gatewaySchema.safeParse(raw ?? {});
  if (result.success) return { kind: "accept", settings: result.data, lineOf };
  const faults = result.error.issues.flatMap((issue) => {
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => unknownKey(file, lineOf([...issue.path, key]), issue.path, key, raw));
    }
    return [wrongValue(file, lineOf(issue.path), issue.path, issue.message, valueAt(raw, issue.path))];
  });
  return { kind: "reject", faults };
}

/** An alias without its anchor, or one that grows without end, shows only when the document is read out. */
function contentOf(
  document: Document,
): { readonly kind: "read"; readonly raw: unknown } | { readonly kind: "broken"; readonly reason: string } {
  try {
    return { kind: "read", raw: document.toJS() };
  } catch (error) {
    return { kind: "broken", reason: firstLine(error instanceof Error ? error.message : String(error)) };
  }
}

/** C3. */
function unknownKey(file: string, line: number, path: readonly PropertyKey[], key: string, raw: unknown): ConfigFault {
  const known = knownKeys(path, raw);
  const near = nearestName(key, known);
  const mend = near === null ? `known here: ${known.join(", ")}` : `did you mean "${near}"?`;
  const where = written([...path, key]);
  return { file, line, path: where, sentence: `${file}:${line}: "${where}" is not a setting; ${mend}` };
}

function wrongValue(
  file: string,
  line: number,
  path: readonly PropertyKey[],
  must: string,
  value: unknown,
): ConfigFault {
  const where = written(path);
  const subject = where === "" ? "the file" : `"${where}"`;
  const found = value === undefined ? "is missing" : `is ${JSON.stringify(value)}`;
  return { file, line, path: where, sentence: `${file}:${line}: ${subject} ${found}, but must be ${must}` };
}

function written(path: readonly PropertyKey[]): string {
  return path
    .map((step, index) => (typeof step === "number" ? `[${step}]` : `${index === 0 ? "" : "."}${String(step)}`))
    .join("");
}

function valueAt(raw: unknown, path: readonly PropertyKey[]): unknown {
  let at = raw;
  for (const step of path) {
    if (at === null || typeof at !== "object") return undefined;
    at = (at as Record<PropertyKey, unknown>)[step];
  }
  return at;
}

/** Where the deepest node of `path` that exists stands in the text: a missing key is reported at its parent. */
function offsetOf(contents: unknown, path: readonly PropertyKey[]): number | null {
  let node = contents as Node | null;
  let offset = node?.range?.[0] ?? null;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => String(item.key) === String(step));
      if (pair === undefined) return offset;
      offset = (pair.key as Node | null)?.range?.[0] ?? offset;
      node = pair.value as Node | null;
    } else if (node !== null && "items" in node && Array.isArray(node.items)) {
      node = (node.items[Number(step)] as Node | undefined) ?? null;
      offset = node?.range?.[0] ?? offset;
    } else {
      return offset;
    }
  }
  return offset;
}

function firstLine(text: string): string {
  return (text.split("\n")[0] ?? text).replace(/ at line \d+, column \d+:?$/, "");
}
