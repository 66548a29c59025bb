import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils';

type Row = Record<string, unknown>;
type Arguments = Record<string, unknown>;

interface Line extends Row {
  amount: unknown;
}
interface Order extends Row {
  status: string;
  lines: Line[];
}
interface Customer extends Row {
  id: number;
  orders: Order[];
}

export interface Model<R extends object> {
  create(args: Arguments): Promise<R>;
  createMany(args: Arguments): Promise<{ count: number }>;
  update(args: Arguments): Promise<R>;
  upsert(args: Arguments): Promise<R>;
  deleteMany(args: Arguments): Promise<{ count: number }>;
  findUnique(args: Arguments): Promise<R | null>;
  findUniqueOrThrow(args: Arguments): Promise<R>;
  findMany(args: Arguments): Promise<R[]>;
  delete(args: Arguments): Promise<R>;
  updateMany(args: Arguments): Promise<{ count: number }>;
  groupBy(args: Arguments): Promise<(R & { _count: number })[]>;
  count(args?: Arguments): Promise<number>;
  aggregate(args: Arguments): Promise<{ _sum: Row }>;
}

interface Calls {
  customer: Model<Customer>;
  order: Model<Order>;
  orderLine: Model<Line>;
  $queryRaw(texts: TemplateStringsArray, ...values: unknown[]): Promise<Row[]>;
  $executeRaw(texts: TemplateStringsArray, ...values: unknown[]): Promise<number>;
}

interface TransactionOptions {
  isolationLevel?: string;
  /** ms that it may wait for its connection, and then take. */
  maxWait?: number;
  timeout?: number;
}

/** What tests use of a generated client, with the calls of its model. */
export type ClientOf<C> = C & {
  $transaction<R>(work: (tx: C) => Promise<R>, options?: TransactionOptions): Promise<R>;
  $transaction(calls: readonly Promise<unknown>[]): Promise<unknown[]>;
  $disconnect(): Promise<void>;
};
export type Client = ClientOf<Calls>;

interface Runtime {
  getPrismaClient(config: object): new (options: { adapter: SqlDriverAdapterFactory }) => unknown;
}

// @types/node declares it without its classes.
const { WebAssembly } = globalThis as unknown as {
  WebAssembly: { Module: new (bytes: Uint8Array) => object };
};

const requires = createRequire(__filename);
const load = (name: string): unknown => requires(`@prisma/client/runtime/${name}.js`);

/** The Prisma Client of `prisma-model.json`. */
export function prismaClient(adapter: SqlDriverAdapterFactory): Client {
  return prismaClientOf<Calls>('prisma-model.json', adapter);
}

/**
 * A Prisma Client of a model. These files are what `prisma generate` (7.10.0) writes into `internal/class.ts` for the schema
 * in their `inlineSchema`: the generator itself is not run, since it is 200 MB and wants to download programs.
 */
export function prismaClientOf<C>(file: string, adapter: SqlDriverAdapterFactory): ClientOf<C> {
  const model = JSON.parse(readFileSync(path.join(__dirname, file), 'utf8')) as object;
  const compilerWasm = {
    getRuntime: () => Promise.resolve(load('query_compiler_fast_bg.postgresql')),
    getQueryCompilerWasmModule: () => {
      const { wasm } = load('query_compiler_fast_bg.postgresql.wasm-base64') as { wasm: string };
      return Promise.resolve(new WebAssembly.Module(Buffer.from(wasm, 'base64')));
    },
    importName: './query_compiler_fast_bg.js',
  };
  const runtime = load('client') as Runtime;
  return new (runtime.getPrismaClient({ ...model, compilerWasm }))({ adapter }) as ClientOf<C>;
}
