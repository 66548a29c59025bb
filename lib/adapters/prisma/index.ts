/** `kingbase-native/prisma`: a driver adapter for Prisma Client 7. */
export { PrismaKingbase, type PrismaKingbaseOptions } from './factory.js';
