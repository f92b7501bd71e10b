import type { Dimensioner } from "./dimensioner.ts";

/** A dimensioner that reads no codes and the scanner beside it: the host has all when it has been told by both. */
export const together = (sizer: Dimensioner, reader: Dimensioner): Dimensioner => ({
  port: sizer.port,
  present: (presented) => {
    sizer.present(presented);
    reader.present(presented);
  },
  deliveredAtMs: () => {
    const [sized, read] = [sizer.deliveredAtMs(), reader.deliveredAtMs()];
    return sized === null || read === null ? null : Math.max(sized, read);
  },
  stats: () => ({ telegrams: sizer.stats().telegrams + reader.stats().telegrams }),
  close: async () => {
    await Promise.all([sizer.close(), reader.close()]);
  },
});
