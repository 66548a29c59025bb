import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import ts from 'typescript';

const LIB = join(__dirname, '../../../lib');

/** Stands where a text has something that is not known before it is said. */
export const SOMETHING = 'x7';

/** What has its words in both languages where they are, or speaks another module's. */
const ELSEWHERE = [
  'client-library',
  'cli',
  'adapters',
  'observability',
  join('errors', 'explain'),
  join('errors', 'chinese'),
];

/** What can follow a sentence, and is looked at by itself. */
const ENDING = new RegExp(`(?<=[.?])${SOMETHING}$`);

/** Texts that no error has: why a batch took its way, what is told as a warning, what only this package catches. */
const OF_NO_ERROR =
  /^(?:It was asked for|The server's catalogue does not tell|The table has no such column|Not COPY|The rows are few|COPY in|From row|There are no rows|The trial is over|A call on the database has begun|there is no pool|the connection \+)/;

/** Whose form of string has its words in a rule for each. */
const FOREIGN_KEY = `The key "${SOMETHING}" of the ${SOMETHING} ${SOMETHING}.`;

/** What makes a piece of a message of its arguments. */
const MAKERS =
  /^(?:refused|noEffectIf|invalid|badOption|badValue|badRow|badParameter|badPieces|badArgument|badIdentifier|refuseValue|unreadableValue|unwritable|tooLarge|setUpError|refusal|needsSession|needsTransaction|\w*Error)$/;

export interface OwnWords {
  readonly file: string;
  readonly text: string;
}

/** Every text of an error that the sources hold, with `SOMETHING` in its holes, and each way that it can go. */
export function ownWords(): OwnWords[] {
  const words: OwnWords[] = [];
  for (const entry of readdirSync(LIB, { recursive: true, encoding: 'utf8' }).sort()) {
    if (!entry.endsWith('.ts') || ELSEWHERE.some((folder) => entry.startsWith(folder + sep))) continue;
    const source = ts.createSourceFile(
      entry,
      readFileSync(join(LIB, entry), 'utf8'),
      ts.ScriptTarget.Latest,
      true,
    );
    const texts = new Set<string>();
    const visit = (node: ts.Node, inMaker: boolean): void => {
      if (ts.isImportDeclaration(node) || ts.isTypeNode(node)) return;
      if (isText(node)) {
        for (const way of waysOf(node)) {
          const text = way.replace(ENDING, '');
          if (OF_NO_ERROR.test(text) || text.startsWith(SOMETHING) || text === FOREIGN_KEY) continue;
          if (isSentence(text) || (inMaker && isClause(text))) texts.add(text);
        }
      }
      const makes =
        inMaker || ((ts.isCallExpression(node) || ts.isNewExpression(node)) && MAKERS.test(nameOf(node)));
      // What is a piece of a longer text was looked at with it.
      if (!isText(node)) ts.forEachChild(node, (child) => visit(child, makes));
      else
        ts.forEachChild(node, (child) => {
          if (!isLiteral(child) && !isText(child)) visit(child, false);
        });
    };
    visit(source, false);
    words.push(...[...texts].map((text) => ({ file: entry, text })));
  }
  return words;
}

function nameOf({ expression }: ts.CallExpression | ts.NewExpression): string {
  if (ts.isIdentifier(expression)) return expression.text;
  return ts.isPropertyAccessExpression(expression) ? expression.name.text : '';
}

function isLiteral(node: ts.Node): boolean {
  return ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node);
}

function isText(node: ts.Node): node is ts.Expression {
  if (isLiteral(node) || ts.isTemplateExpression(node)) return true;
  return ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken;
}

/** All that the expression can be. */
function waysOf(node: ts.Expression): string[] {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return [node.text];
  if (ts.isParenthesizedExpression(node)) return waysOf(node.expression);
  if (ts.isConditionalExpression(node)) return [...waysOf(node.whenTrue), ...waysOf(node.whenFalse)];
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken)
    return joined(waysOf(node.left), waysOf(node.right));
  if (ts.isTemplateExpression(node)) {
    return node.templateSpans.reduce(
      (ways, { expression, literal }) => joined(joined(ways, waysOf(expression)), [literal.text]),
      [node.head.text],
    );
  }
  // The ends that a sentence can have; the word that is meant is in them.
  if (ts.isCallExpression(node) && nameOf(node) === 'didYouMean') return [''];
  return [SOMETHING];
}

function joined(starts: readonly string[], ends: readonly string[]): string[] {
  return starts.flatMap((start) => ends.map((end) => start + end));
}

function isSentence(text: string): boolean {
  return (
    /^["A-Z].* .*[.?]$/s.test(text) &&
    / [a-z]+ /.test(text) &&
    !/^(?:SELECT|INSERT|COPY|WITH|SET|FROM)\b/.test(text)
  );
}

function isClause(text: string): boolean {
  return /^[a-z].* .* /s.test(text);
}
