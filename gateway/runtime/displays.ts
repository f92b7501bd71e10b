import { z } from "zod";
import type { DisplayMemory } from "../../devices/index.ts";
import type { Store } from "../../ledger/store/index.ts";

/** N12: what each device shows, kept over restarts. */
export type Displays = {
  readonly of: (device: string) => Promise<DisplayMemory | null>;
  readonly remember: (device: string, memory: DisplayMemory) => void;
};

const shape = z.object({
  shown: z.record(z.string(), z.string()),
  quarantine: z.object({ since: z.number(), kind: z.string(), was: z.string(), shows: z.string() }).nullable(),
});

const keyOf = (device: string): string => `display/${device}`;

/** `failed`: the store could not write, so the gateway cannot go on (I7). Reading throws when the store is damaged. */
export function makeDisplays(store: Pick<Store, "memo" | "commit">, failed: (error: Error) => void): Displays {
  // Lines begin anew while what they last remembered is still on its way to the disk.
  const newest = new Map<string, DisplayMemory>();
  return {
    of: async (device) => {
      const known = newest.get(device);
      if (known !== undefined) return known;
      const bytes = await store.memo(keyOf(device));
      return bytes === null ? null : shape.parse(JSON.parse(Buffer.from(bytes).toString()));
    },
    remember: (device, memory) => {
      newest.set(device, memory);
      store.commit([{ kind: "memo", key: keyOf(device), bytes: Buffer.from(JSON.stringify(memory)) }]).catch(failed);
    },
  };
}
