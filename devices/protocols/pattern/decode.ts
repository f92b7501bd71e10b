import { weightOf } from "../line/index.ts";
import { type Decoded, refused, status } from "../protocol.ts";
import { type Groups, match } from "./match.ts";
import { BLANK, type Description } from "./settings.ts";

/** PT5: groups whose words are no weight, in the order in which they count. */
const statuses = ["overload", "underload", "error"] as const;

/** PT1, PT5-PT7. */
export function decodeLine(description: Description, frame: Uint8Array): Decoded {
  const line = description.framing.lineOf(frame);
  if (line === null) return refused("not one line as the settings describe it");
  const groups = match(description.line, line);
  if (groups !== null) return decodeGroups(description, groups);
  const isIgnored = description.ignored !== null && match(description.ignored, line) !== null;
  return isIgnored ? status("ignored") : refused("the line does not fit the pattern");
}

function decodeGroups(description: Description, groups: Groups): Decoded {
  const told = statuses.find((name) => (groups.get(name) ?? "") !== "");
  if (told !== undefined) return status(told);
  const stability = meaningOf(description.stability, groups, "stability");
  if (stability.kind === "unknown-word") return refused(stability.reason);
  const mode = meaningOf(description.mode, groups, "mode");
  if (mode.kind === "unknown-word") return refused(mode.reason);
  const sign = (groups.get("sign") ?? "").trim();
  if (!["", "+", "-"].includes(sign)) return refused(`sign "${sign}" is none of +, - and blank`);
  const { unit, units } = description;
  const text = groups.get("value") ?? "";
  const digits = digitsOf(description, text);
  if (digits === null) return refused(`"${text}" is not an exact decimal as the settings describe it`);
  return weightOf(
    {
      sign,
      digits,
      unit: unit ?? groups.get("unit") ?? "",
      stability: stability.sense,
      mode: mode.sense,
      flags: (groups.get("zero") ?? "").trim() === "" ? [] : ["center-of-zero"],
    },
    units,
  );
}

function meaningOf<Sense>(
  { words, always }: { readonly words: ReadonlyMap<string, Sense>; readonly always: Sense },
  groups: Groups,
  name: string,
): { readonly kind: "known"; readonly sense: Sense } | { readonly kind: "unknown-word"; readonly reason: string } {
  if (words.size === 0) return { kind: "known", sense: always };
  const word = (groups.get(name) ?? "").trim();
  const sense = words.get(word);
  if (sense !== undefined) return { kind: "known", sense };
  return { kind: "unknown-word", reason: `${name} "${word === "" ? BLANK : word}" has no meaning in the settings` };
}

/** PT7: the digits with a point where it belongs; null when they are not written as the settings say. */
function digitsOf({ decimals, decimalComma }: Description, text: string): string | null {
  if (decimals !== null) {
    if (!/^ *\d+$/.test(text)) return null;
    const digits = text.trim().padStart(decimals + 1, "0");
    return decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
  }
  if (!decimalComma) return text;
  return text.includes(".") ? null : text.replace(",", ".");
}
