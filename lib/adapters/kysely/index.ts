// The declarations speak of Buffer, streams and signals; TypeScript 6 and later load no types that nobody names.
/// <reference types="node" preserve="true" />
// For `require`, which loads ES modules wherever Kysely runs.
export { KingbaseDialect } from './dialect.mjs';
