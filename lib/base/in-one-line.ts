/** Text of a library or a server in one line; where a line without a stop is followed by another sentence, it gets one. */
export function inOneLine(text: string): string {
  return text
    .trim()
    .replace(/([\p{L}\p{N}"')])\s*\n\s*(?=[A-Z])/gu, '$1. ')
    .replace(/\s*\n\s*/g, ' ');
}
