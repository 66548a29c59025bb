import { defineConfig } from 'vitest/config';

/** `npm run test:site`: the site of the documents and the pages of reports, in a browser. */
export default defineConfig({
  test: {
    name: 'site',
    include: ['test/site/**/*.test.mts'],
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 120_000,
    hookTimeout: 400_000,
    retry: process.env['CI'] === undefined ? 0 : 1,
  },
});
