/**
 * What a user's compiler reads of the package (`dist/index.d.ts` and all that it imports) is sound in itself, and speaks
 * of the public interface alone: every type that a declaration mentions has a name that is exported, and no class can be made by hand that
 * `open` makes. So nothing of the pool, the driver or the core becomes a promise by accident.
 *
 * Part of `npm run check:package`, after `npm run compile`. With an argument: the declarations of another package.
 */
import path from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';

/** Names that a public declaration mentions although nobody can import them, each with its reason. */
const UNNAMED: ReadonlySet<string> = new Set([
  // What a row of a prepared statement is as an array: written out, it would be said three times.
  'AsArray',
  // The table of SQLSTATEs that the condition names are read from.
  'CONDITIONS',
  'CONNECTION_ERROR_CODES',
  'CLIENT_LIBRARY_ERROR_CODES',
  'POOL_ERROR_CODES',
  'USAGE_ERROR_CODES',
  // Of SqlState.
  'Digit',
  'Letter',
  // The keywords of the client library, which a configuration may have besides the options.
  'LibraryOptions',
  // The names of isolation levels.
  'ISOLATION',
]);

/** Classes that the package makes for its users. */
const MADE_BY_THE_PACKAGE: ReadonlySet<string> = new Set([
  'Database',
  'Connection',
  'Transaction',
  'Statement',
  'Subscription',
]);

/** What is wrong with the declarations that begin at the file, a sentence each. */
export function faultsOf(entry: string): string[] {
  const program = ts.createProgram([entry], {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
    types: ['node'],
    strict: true,
    exactOptionalPropertyTypes: true,
  });
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(entry);
  const module = source && checker.getSymbolAtLocation(source);
  if (source === undefined || module === undefined) return [`${entry} is no module: compile first.`];
  const folder = path.dirname(entry);
  // What is left out of the declarations may be missed by what stays.
  const faults = ts
    .getPreEmitDiagnostics(program)
    .filter(({ file }) => file === undefined || path.resolve(file.fileName).startsWith(folder + path.sep))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));

  const resolved = (symbol: ts.Symbol): ts.Symbol =>
    symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  const exported = checker.getExportsOfModule(module);
  const known = new Set(exported.map(resolved));
  const isOurs = (file: ts.SourceFile): boolean => path.resolve(file.fileName).startsWith(folder + path.sep);

  for (const symbol of exported) {
    if (!MADE_BY_THE_PACKAGE.has(symbol.name)) continue;
    const type = checker.getTypeOfSymbolAtLocation(resolved(symbol), source);
    const open = type.getConstructSignatures().filter(({ declaration }) => {
      const flags = declaration ? ts.getCombinedModifierFlags(declaration) : ts.ModifierFlags.None;
      return (flags & ts.ModifierFlags.Private) === 0;
    });
    if (open.length > 0) faults.push(`${symbol.name} can be made by "new ${symbol.name}(…)".`);
  }

  const visit = (node: ts.Node, owner: string): void => {
    if (ts.isIdentifier(node)) {
      const symbol = checker.getSymbolAtLocation(node);
      const target = symbol && resolved(symbol);
      for (const declaration of target?.declarations ?? []) {
        // Members and parameters belong to what declares them.
        if (!isOurs(declaration.getSourceFile()) || !isTopLevel(declaration)) continue;
        if (target !== undefined && !known.has(target) && !UNNAMED.has(target.name)) {
          faults.push(`${owner} mentions ${target.name}, which is not exported.`);
        }
      }
    }
    ts.forEachChild(node, (child) => visit(child, owner));
  };
  for (const symbol of new Set(exported.map(resolved))) {
    for (const declaration of symbol.declarations ?? []) {
      if (isOurs(declaration.getSourceFile())) visit(declaration, symbol.name);
    }
  }
  return [...new Set(faults)].sort();
}

function isTopLevel(declaration: ts.Declaration): boolean {
  let parent: ts.Node = declaration.parent;
  while (ts.isVariableDeclarationList(parent) || ts.isVariableStatement(parent)) parent = parent.parent;
  return ts.isSourceFile(parent);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const root = path.resolve(import.meta.dirname, '../..');
  const faults = faultsOf(path.resolve(process.argv[2] ?? path.join(root, 'dist', 'index.d.ts')));
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) process.exitCode = 1;
  else console.log('The declarations name nothing internal.');
}
