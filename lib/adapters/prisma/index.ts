// The declarations speak of Buffer, streams and signals; TypeScript 6 and later load no types that nobody names.
/// <reference types="node" preserve="true" />
/** `kingbase-native/prisma`: a driver adapter for Prisma Client 7. */
export { PrismaKingbase, type PrismaKingbaseOptions } from './factory.js';
