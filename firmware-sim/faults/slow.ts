import { type Fault, onLine } from "./fault.ts";

/** Every write goes out `delayMs` late, in order: a slow device, or a serial server far away. */
export const slow = (delayMs: number): Fault =>
  onLine((line) => {
    const onTheirWay = new Set<NodeJS.Timeout>();
    return {
      ...line,
      write: (bytes) => {
        const late = bytes.slice();
        const timer = setTimeout(() => {
          onTheirWay.delete(timer);
          line.write(late);
        }, delayMs);
        onTheirWay.add(timer);
        return line.linked();
      },
      close: async () => {
        for (const timer of onTheirWay) clearTimeout(timer);
        await line.close();
      },
    };
  });
