import { checkCallback } from './defaults.js';
import { rejectedForCaller } from './errors.js';
import type { PoolClient, Release } from './pool-client.js';
import { outside, PoolLending } from './pool-lending.js';
import type { QueryCallback, QueryConfig } from './query.js';
import type { Result, RowOfAnyKind } from './result.js';
import type { Work } from './work.js';

export type PoolConnectCallback = (
  error: Error | undefined,
  client: PoolClient | undefined,
  release: Release,
) => void;

/** `pg`'s Pool over the driver's: which session is handed out, heartbeats, lifetimes and reconnecting are the driver's. */
export class Pool extends PoolLending {
  connect(): Promise<PoolClient>;
  connect(callback: PoolConnectCallback): void;
  connect(callback?: PoolConnectCallback): Promise<PoolClient> | undefined {
    const client = this.take();
    if (!callback) return client;
    client.then(
      (taken) => {
        outside(() => {
          callback(undefined, taken, taken.release);
        });
      },
      (error: unknown) => {
        outside(() => {
          callback(error as Error, undefined, () => undefined);
        });
      },
    );
    return undefined;
  }

  private take(): Promise<PoolClient> {
    return new this.Promise<PoolClient>((resolve) => {
      this.lease().then(resolve, (error: unknown) => {
        resolve(rejectedForCaller(error as Error));
      });
    });
  }

  /** As the types of `pg` have it; what is given back is a promise, as with `pg`. */
  query<W extends Work>(work: W): W;
  query<R = RowOfAnyKind>(
    config: string | QueryConfig,
    values?: readonly unknown[] | null,
  ): Promise<Result<R>>;
  query(
    config: string | QueryConfig,
    values: readonly unknown[] | QueryCallback | null | undefined,
    callback?: QueryCallback,
  ): void;
  query(
    config: string | QueryConfig,
    values?: readonly unknown[] | QueryCallback | null,
    callback?: QueryCallback,
  ): Promise<Result<unknown>> | undefined {
    if (typeof config === 'function') {
      const told = new Error('Passing a function as the first parameter to pool.query is not supported');
      const first: (error: Error) => void = config;
      setImmediate(first, told);
      return undefined;
    }
    const given = typeof values === 'function' ? values : callback;
    const answer = this.run(config, typeof values === 'function' ? undefined : values);
    if (!given) return answer;
    answer.then(
      (result) => {
        outside(() => {
          given(undefined, result);
        });
      },
      (error: unknown) => {
        outside(() => {
          given(error as Error);
        });
      },
    );
    return undefined;
  }

  private run(
    config: string | QueryConfig,
    values: readonly unknown[] | null | undefined,
  ): Promise<Result<unknown>> {
    return new this.Promise<Result<unknown>>((resolve) => {
      const query = this.queries.of(config, values);
      if (query === undefined) {
        this.runLent(config, values, resolve);
        return;
      }
      this.queries.run(query, resolve, (failure) => {
        this.runLent(query as unknown as QueryConfig, undefined, resolve, failure);
      });
    });
  }

  /** @param failure what it is to fail with, which would have come of running it */
  private runLent(
    config: string | QueryConfig,
    values: readonly unknown[] | null | undefined,
    resolve: (answer: Result<unknown> | Promise<never>) => void,
    failure?: Error,
  ): void {
    const reject = (error: Error): void => {
      resolve(rejectedForCaller(error));
    };
    this.lease()
      .then((client) => {
        try {
          if (failure !== undefined) throw failure;
          client.query(config, values, (error, result) => {
            // As with `pg`, nobody knows in what state a failed statement has left the session.
            client.release(error ?? undefined);
            if (error) reject(error);
            else resolve(result as Result<unknown>);
          });
        } catch (error) {
          client.release(error as Error);
          throw error;
        }
      })
      .catch(reject);
  }

  end(): Promise<void>;
  end(callback: (error?: Error) => void): void;
  end(callback?: (error?: Error) => void): Promise<void> | undefined {
    checkCallback(callback);
    const done = this.Promise.resolve(this.close());
    if (!callback) return done;
    done.then(
      () => {
        outside(callback);
      },
      (error: unknown) => {
        outside(() => {
          callback(error as Error);
        });
      },
    );
    return undefined;
  }
}
