import { readFileSync } from "node:fs";
import type { Item, ItemSource } from "./items.ts";

/** Items to present, one JSON object a line: {"item","grams","mm":[l,w,h],"hasty"?:true} (F5, F15). Throws a RangeError naming the bad line. */
export function readScript(path: string): ItemSource {
  const lines = readFileSync(path, "utf8").split("\n");
  const items = lines.flatMap((line, index) => (line.trim() === "" ? [] : [parseItem(line, `${path}:${index + 1}`)]));
  return (number) => items[number] ?? null;
}

function parseItem(line: string, where: string): Item {
  const fault = new RangeError(
    `${where}: want {"item":TEXT,"grams":NUMBER,"mm":[L,W,H]} with whole millimetres of at most 9999, and "hasty":true or nothing`,
  );
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw fault;
  }
  if (typeof value !== "object" || value === null || !("item" in value) || !("grams" in value) || !("mm" in value)) {
    throw fault;
  }
  const { item, grams, mm } = value;
  if (typeof item !== "string" || !/^[\x20-\x3a\x3c-\x7e]{1,64}$/.test(item)) throw fault;
  if (typeof grams !== "number" || grams < 0 || !Array.isArray(mm)) throw fault;
  const [length, width, height] = mm as readonly unknown[];
  if (!isSide(length) || !isSide(width) || !isSide(height) || mm.length !== 3) throw fault;
  const hasty = "hasty" in value ? value.hasty : null;
  if (hasty !== null && hasty !== true) throw fault;
  return { item, grams, mm: [length, width, height], ...(hasty === true ? { hasty } : {}) };
}

const isSide = (side: unknown): side is number => Number.isInteger(side) && Number(side) > 0 && Number(side) <= 9999;
