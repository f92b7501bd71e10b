/** Where a device publishes its readings unless told otherwise. */
export const readingsTopic = (device: string): string => `tallystick/${device}/readings`;
