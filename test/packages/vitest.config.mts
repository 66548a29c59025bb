import { defineConfig } from 'vitest/config';

/** `npm run test:packages`: tests of what is published, not of the checkout. */
export default defineConfig({
  test: {
    name: 'packages',
    include: ['test/packages/**/*.test.ts'],
    globalSetup: ['test/packages/support/global-setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    // Some compile the addon or make a whole release.
    testTimeout: 600_000,
    hookTimeout: 300_000,
    retry: process.env['CI'] === undefined ? 0 : 1,
  },
});
