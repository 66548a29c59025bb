/** East Asian characters that a terminal shows two columns wide (Unicode Standard Annex 11, W and F), in the main. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

/** How many columns of a terminal a text takes. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) width += WIDE.test(character) ? 2 : /\p{Mn}/u.test(character) ? 0 : 1;
  return width;
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)));
}

/** A server, a file or a proxy may send anything, and a terminal obeys what it reads (CWE-150). */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (character) =>
    character === '\t' ? ' ' : `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
}

/** The same for lines of fields with tabs between them. */
export function printableFields(text: string): string {
  return text.replace(/[^\n\t]+/g, printable);
}

/** The same for a text of several lines. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

/** Breaks a text into lines of at most `width` columns, between words or between East Asian characters. */
export function wrap(text: string, width: number): string[] {
  const result: string[] = [];
  let line = '';
  for (const [piece] of text.matchAll(
    /\s+|[\u2e80-\ua4cf\uf900-\ufaff\uff00-\uff60][，。：；、）”]*|[^\s\u2e80-\ua4cf\uf900-\ufaff\uff00-\uff60]+/gu,
  )) {
    if (line !== '' && displayWidth(line) + displayWidth(piece.trimEnd()) > width) {
      result.push(line.trimEnd());
      line = piece.trimStart();
    } else {
      line += piece;
    }
  }
  if (line.trim() !== '' || result.length === 0) result.push(line.trimEnd());
  return result;
}

export type Colour = 'green' | 'yellow' | 'red' | 'grey' | 'bold';

const CODES: Readonly<Record<Colour, number>> = { green: 32, yellow: 33, red: 31, grey: 90, bold: 1 };

export type Paint = (text: string, colour: Colour) => string;

/** Colours for a terminal, unless NO_COLOR is set (no-color.org). */
export function paintFor(stream: { isTTY?: boolean }, environment: NodeJS.ProcessEnv): Paint {
  const colours = stream.isTTY === true && !environment['NO_COLOR'] && environment['TERM'] !== 'dumb';
  return (text, colour) => (colours ? `\u001b[${CODES[colour]}m${text}\u001b[0m` : text);
}
