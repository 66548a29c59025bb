// For `require`, which loads ES modules wherever Kysely runs.
export { KingbaseDialect } from './dialect.mjs';
