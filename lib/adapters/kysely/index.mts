/** `kingbase-native/kysely`: a dialect for Kysely. ES modules, since Kysely is nothing else. */
export { KingbaseDialect } from './dialect.mjs';
