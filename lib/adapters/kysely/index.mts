// The declarations speak of types of Node.js; TypeScript 6 and later load no types that nobody names.
/// <reference types="node" preserve="true" />
/** `kingbase-native/kysely`: a dialect for Kysely. ES modules, since Kysely is nothing else. */
export { KingbaseDialect } from './dialect.mjs';
