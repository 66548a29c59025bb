import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const typescript = ['**/*.ts', '**/*.mts'];

export default defineConfig(
  globalIgnores([
    'dist/',
    'build/',
    'prebuilds/',
    'release/',
    'coverage/',
    '.cache/',
    'site/dist/',
    'site/.pages/',
    // Its packages are there only where the site is made.
    'site/.vitepress/',
  ]),
  {
    // An exception is made here, with its reason, and not by a comment at the place.
    linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: 'error' },
    rules: { eqeqeq: 'error' },
  },
  {
    files: ['**/*.mjs', '**/*.cjs', '**/*.js'],
    extends: [js.configs.recommended],
    languageOptions: {
      // The configuration is read by Node, so the globals at hand here are the ones scripts have.
      globals: Object.fromEntries(Object.getOwnPropertyNames(globalThis).map((name) => [name, 'readonly'])),
    },
  },
  {
    files: ['addon/*.js', 'packages/**/*.js', 'examples/**/*.js', '**/*.cjs'],
    languageOptions: { sourceType: 'commonjs' },
  },
  {
    files: typescript,
    extends: [js.configs.recommended, tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: {
        project: ['tsconfig.json', 'tsconfig.tools.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      // A number in a message is what is meant.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // `() => resolve()` in one line is no confusion.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // Callers in plain JavaScript can pass anything, whatever the types say, and a field read again after an
      // await may have changed: the rule takes both checks for superfluous.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // `query<T>()` has its caller name the type of the rows.
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      // The overloads of `query` differ in the default of that type, which the rule does not look at.
      '@typescript-eslint/unified-signatures': 'off',
      // Names with a leading underscore stand for parameters that the signature demands.
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
    },
  },
  {
    // A library writes nothing to its user's terminal; the command-line tool does.
    files: ['lib/**'],
    ignores: ['lib/cli/**'],
    rules: { 'no-console': 'error' },
  },
  {
    // Rows are made, and read for a batch, by functions compiled once per list of columns; nowhere else does text become
    // code.
    files: ['lib/types/row-appender.ts', 'lib/types/packed-rows.ts', 'lib/encoding/row-loops.ts'],
    rules: { '@typescript-eslint/no-implied-eval': 'off' },
  },
  {
    // A program written for pg reads the columns of a row without asking their type, as @types/pg lets it.
    files: ['lib/adapters/pg/result.ts'],
    rules: { '@typescript-eslint/no-explicit-any': 'off' },
  },
  {
    // A client of ours is given to what asks for one of pg's class.
    files: ['test/integration/packages-on-pg/packages.test.ts'],
    rules: { '@typescript-eslint/no-unsafe-class-instance-assignment': 'off' },
  },
  {
    // TypeORM and Sequelize declare what programs write as literals or make by functions as classes.
    files: [
      'test/integration/orms/typeorm-entities.ts',
      'test/integration/orms/sequelize.test.ts',
      'test/integration/orms/kingbase-versions.test.ts',
    ],
    rules: { '@typescript-eslint/no-unsafe-class-instance-assignment': 'off' },
  },
  {
    // What frameworks know classes by: a module is one without members.
    files: ['examples/nestjs.mts', 'examples/midway.mts'],
    rules: { '@typescript-eslint/no-extraneous-class': 'off' },
  },
  {
    // A test that is wrong about what is there fails, which is what tests are for.
    files: ['**/*.test.*'],
    rules: {
      '@typescript-eslint/no-misused-spread': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
);
