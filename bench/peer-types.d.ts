// What the benchmark uses of two peers, so that it is type-checked where `bench/node_modules` is not installed.

declare module 'pg-native' {
  type Done<T> = (error?: Error | null, result?: T) => void;
  class NativeClient {
    connect(conninfo: string, done: Done<void>): void;
    prepare<T>(name: string, sql: string, parameterCount: number, done: Done<T>): void;
    execute<T>(name: string, parameters: unknown[], done: Done<T>): void;
    query<T>(sql: string, done: Done<T>): void;
    end(done: Done<void>): void;
  }
  export = NativeClient;
}

declare module 'postgres' {
  interface Sql {
    <T>(strings: TemplateStringsArray, ...parameters: unknown[]): Promise<T>;
    unsafe<T>(sql: string): Promise<T>;
    end(): Promise<void>;
  }
  function postgres(options: {
    host: string;
    port: number;
    user: string;
    database: string;
    max: number;
  }): Sql;
  export = postgres;
}
