/**
 * Tells a program something: an event, an entry of its log. What the program does then is its own affair: if it throws,
 * what the driver was doing goes on and ends as it would have, and the error is thrown where nobody is disturbed by it.
 */
export function tellSafely(tell: () => unknown): void {
  try {
    tell();
  } catch (error) {
    process.nextTick(() => {
      throw error;
    });
  }
}
