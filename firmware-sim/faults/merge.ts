import { type Fault, onLine } from "./fault.ts";

/** What is written within `holdMs` arrives as one chunk: several frames, or a frame and a half. */
export const merge = (holdMs: number): Fault =>
  onLine((line) => {
    const held: Uint8Array[] = [];
    let timer: NodeJS.Timeout | null = null;
    const release = () => {
      timer = null;
      line.write(Buffer.concat(held.splice(0)));
    };
    return {
      ...line,
      write: (bytes) => {
        held.push(bytes.slice());
        timer ??= setTimeout(release, holdMs);
        return line.linked();
      },
      close: async () => {
        if (timer !== null) clearTimeout(timer);
        await line.close();
      },
    };
  });
