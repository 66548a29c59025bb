import { createRequire } from 'node:module';
import { inspect } from 'node:util';
import ts from 'typescript';
import * as kingbase from 'kingbase-native';
import type { ConnectionConfig, Database } from 'kingbase-native';
import type { Block } from './blocks.js';

/** Names that a block uses and that come from the text around it. */
export type Scope = Readonly<Record<string, unknown>>;

const require = createRequire(__filename);

/** The block as the body of a function in CommonJS; throws with its place where it is no JavaScript or TypeScript. */
export function compile({ code, document, line, language }: Block): string {
  const { outputText, diagnostics = [] } = ts.transpileModule(code, {
    reportDiagnostics: true,
    fileName: language === 'ts' ? 'block.mts' : 'block.mjs',
    compilerOptions: {
      module: ts.ModuleKind.ESNext,
      target: ts.ScriptTarget.ES2022,
      allowJs: true,
      verbatimModuleSyntax: true,
    },
  });
  const [first] = diagnostics;
  // `…` stands for what is the reader's own, in blocks that are not run.
  if (first !== undefined && !code.includes('…')) {
    throw new Error(`${document}:${line}: ${ts.flattenDiagnosticMessageText(first.messageText, ' ')}`);
  }
  return outputText
    .replace(/^import (\w+) from ('.*');$/gm, 'const $1 = imported($2);')
    .replace(/^import (\{.*\}) from ('.*');$/gm, (_all, names: string, from: string) => {
      return `const ${names.replaceAll(' as ', ': ')} = require(${from});`;
    })
    .replace(/^export \{.*\};$/m, '');
}

/**
 * Runs a block on the test server: every `open` of it goes there, whatever it names, with the options that it gives, and is
 * closed at the end. What it prints is compared with the comments that say what it prints.
 */
export async function runBlock(block: Block, target: ConnectionConfig, scope: Scope): Promise<void> {
  const opened: Database[] = [];
  const printed: string[] = [];
  const open = (config?: string | ConnectionConfig, overrides: ConnectionConfig = {}): Database => {
    // What the block says has to be right by itself.
    void kingbase.open(config, overrides).close();
    const options = typeof config === 'object' ? config : {};
    const { clientLibrary, ...place } = target;
    const db = kingbase.open({ ...options, ...place }, { ...overrides, clientLibrary });
    opened.push(db);
    return db;
  };
  const required = (name: string): unknown => {
    const own = Object.hasOwn(scope, `require ${name}`) ? scope[`require ${name}`] : undefined;
    if (own !== undefined) return own;
    return name === 'kingbase-native' ? { ...kingbase, open } : require(name);
  };
  const imported = (name: string): unknown => {
    const module = required(name) as { default?: unknown };
    return module.default ?? module;
  };
  const log = (...values: unknown[]): void => {
    printed.push(values.map((value) => (typeof value === 'string' ? value : inspect(value))).join(' '));
  };
  const names = Object.keys(scope).filter((name) => /^\w+$/.test(name));
  const given = {
    TimeoutError: kingbase.TimeoutError,
    open,
    require: required,
    imported,
    console: { log },
    module: {},
  };
  const all = [...Object.keys(given), ...names];
  const AsyncFunction = Object.getPrototypeOf(runBlock) as { constructor: FunctionConstructor };
  // In braces, since a block may declare what the text before it has given a name.
  const run = new AsyncFunction.constructor(...all, `'use strict'; {\n${compile(block)}\n}`) as (
    ...values: unknown[]
  ) => Promise<void>;
  try {
    await run(...Object.values(given), ...names.map((name) => scope[name]));
    comparePrinted(block, printed);
  } finally {
    await Promise.all(opened.map((db) => db.close({ timeout: 1_000 })));
  }
}

/** `console.log(x); // what it prints`: `…` stands for anything, and a comment that begins with a lower-case word describes. */
function comparePrinted({ code, document, line }: Block, printed: readonly string[]): void {
  const said = [...code.matchAll(/console\.log\(.*\); \/\/ (.+)$/gm)].map(([, comment = '']) => comment);
  if (said.length !== printed.length) return;
  said.forEach((comment, index) => {
    if (/^a /.test(comment)) return;
    const pattern = comment.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    const oneLine = printed[index]?.replace(/\s+/g, ' ') ?? '';
    if (!new RegExp(`^${pattern.join('.*')}$`).test(oneLine)) {
      throw new Error(`${document}:${line}: prints "${oneLine}" where the comment says "${comment}".`);
    }
  });
}
