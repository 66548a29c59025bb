const HAN = /^\p{Script=Han}$/u;
/** Full-width signs, beside which there is no space. */
const WIDE = /^[，。：；？！（）“”、…]$/u;
const OPENING = /^[([{/]$/;
const CLOSING = /^[)\]},.;:/]$/;

export interface Piece {
  readonly text: string;
  /** Whether these are this package's own words; those of others keep the spaces at their ends. */
  readonly isOwn: boolean;
}

/** One text of pieces, with a space between Chinese and other letters, and none beside a full-width sign. */
export function spaced(pieces: readonly Piece[]): string {
  const [first = { text: '', isOwn: true }, ...others] = pieces.filter(({ text }) => text !== '');
  let { text, isOwn } = first;
  for (const piece of others) {
    const left = isOwn ? text.trimEnd() : text;
    const right = piece.isOwn ? piece.text.trimStart() : piece.text;
    const [a, b] = [left.at(-1) ?? '', right.at(0) ?? ''];
    if (WIDE.test(a) || WIDE.test(b) || (HAN.test(a) && HAN.test(b))) text = left + right;
    else if (HAN.test(a) === HAN.test(b) || OPENING.test(a) || CLOSING.test(b)) text += piece.text;
    else text = `${left} ${right}`;
    ({ isOwn } = piece);
  }
  return text;
}

/** A template in Chinese, around whose values the spaces are as they have to be. */
export function chinese(words: TemplateStringsArray, ...values: readonly string[]): string {
  return spaced(
    words.flatMap((text, i) => {
      const value = values[i];
      const piece = { text, isOwn: true };
      return value === undefined ? [piece] : [piece, { text: value, isOwn: false }];
    }),
  );
}
