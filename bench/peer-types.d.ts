// What the benchmark uses of its peers, so that it is type-checked where `bench/node_modules` is not installed.

declare module 'pg-native' {
  type Done<T> = (error?: Error | null, result?: T) => void;
  class NativeClient {
    connect(conninfo: string, done: Done<void>): void;
    prepare<T>(name: string, sql: string, parameterCount: number, done: Done<T>): void;
    execute<T>(name: string, parameters: unknown[], done: Done<T>): void;
    query<T>(sql: string, done: Done<T>): void;
    cancel(done: Done<void>): void;
    end(done: Done<void>): void;
  }
  export = NativeClient;
}

declare module 'postgres' {
  import type { Readable, Writable } from 'node:stream';

  interface Query<T> extends Promise<T> {
    cursor(rows: number): AsyncIterable<T>;
    readable(): Promise<Readable>;
    writable(): Promise<Writable>;
    cancel(): void;
  }
  interface Sql {
    <T>(strings: TemplateStringsArray, ...parameters: unknown[]): Query<T>;
    (rows: readonly object[], ...columns: string[]): object;
    unsafe<T>(sql: string): Query<T>;
    array(values: readonly unknown[], type: number | undefined): object;
    begin<T>(work: (transaction: Sql) => Promise<T>): Promise<T>;
    end(): Promise<void>;
  }
  function postgres(options: {
    host: string;
    port: number;
    user: string;
    password?: string;
    database: string;
    max: number;
    fetch_types?: boolean;
    ssl?: { ca: Buffer; checkServerIdentity: () => undefined };
  }): Sql;
  export = postgres;
}

declare module 'pg-cursor' {
  class Cursor {
    constructor(sql: string);
    submit(connection: object): void;
    read(rows: number): Promise<Record<string, unknown>[]>;
    close(): Promise<void>;
  }
  export = Cursor;
}

declare module 'pg-query-stream' {
  import { Readable } from 'node:stream';

  class QueryStream extends Readable {
    constructor(sql: string, values: unknown[], options: { batchSize: number });
    submit(connection: object): void;
  }
  export = QueryStream;
}

declare module 'pg-copy-streams' {
  import type { Readable, Writable } from 'node:stream';

  interface Submittable {
    submit(connection: object): void;
  }
  export function from(sql: string): Writable & Submittable;
  export function to(sql: string): Readable & Submittable;
}

declare module '@opentelemetry/instrumentation-pg' {
  import type { TracerProvider } from '@opentelemetry/api';

  /** Traces what is required of pg from then on. */
  export class PgInstrumentation {
    setTracerProvider(provider: TracerProvider): void;
  }
}

declare module 'markdown-table' {
  export function markdownTable(rows: string[][], options: { align: string[] }): string;
}

declare module 'vega' {
  export class View {
    constructor(runtime: object, options: { renderer: 'none' });
    toSVG(): Promise<string>;
    finalize(): void;
  }
  export function parse(specification: object): object;
}
