import { checkCallback } from './defaults.js';
import { rejectedForCaller } from './errors.js';
import { workOfForeignCopy } from './foreign-copies.js';
import { workOfForeign } from './foreign-cursors.js';
import { Query, type QueryCallback, type QueryConfig } from './query.js';
import { RUN, type Work } from './work.js';

/** The client that is asked. */
interface Asked {
  readonly pipeline: boolean;
  readonly promise: PromiseConstructor;
}

/** What is to be run, and what `query` gives back for it. */
export function workOf(
  { pipeline, promise: Promises }: Asked,
  config: string | QueryConfig | Work,
  values: readonly unknown[] | QueryCallback | undefined,
  callback: QueryCallback | undefined,
): [Work, unknown] {
  if (isWork(config)) {
    takeCallback(config, typeof values === 'function' ? values : callback);
    return [config, config];
  }
  if (typeof config === 'object' && 'submit' in config && typeof config.submit === 'function') {
    if (pipeline) return [refusable(config), config];
    const work = workOfForeign(config) ?? workOfForeignCopy(config);
    if (work !== undefined) {
      takeCallback(config, typeof values === 'function' ? values : callback);
      return [work, config];
    }
    throw new TypeError(
      'This object sends messages of the protocol itself, which the client library does. Use the Cursor, QueryStream or copy of kingbase-native/pg.',
    );
  }
  const query = new Query(config, values, callback);
  query.ofClient = true;
  if (query.callback) {
    checkCallback(query.callback);
    return [query, undefined];
  }
  const answer = new Promises((resolve) => {
    query.callback = (error, result): void => {
      resolve(error ? rejectedForCaller(error) : result);
    };
  });
  return [query, answer];
}

/** What has a callback of its own keeps it. */
function takeCallback(work: object, given: QueryCallback | undefined): void {
  const taker: { callback?: QueryCallback | undefined } = work;
  if (given) taker.callback ??= given;
}

/** What `pg` does not take in its pipeline mode, in its words. */
export function holdsPortal(config: string | object, work: Work): string | undefined {
  if (typeof config === 'object' && 'submit' in config && !(work instanceof Query)) {
    return 'Custom query classes such as pg-cursor and pg-query-stream are';
  }
  return work instanceof Query && work.rows ? 'The `rows` option is' : undefined;
}

/** An object of another package, which is told that it is not run. */
function refusable(given: object): Work {
  return {
    [RUN]: (_host, done): void => {
      done();
    },
    handleError: (error): void => {
      (given as Partial<Work>).handleError?.(error);
    },
  };
}

function isWork(given: unknown): given is Work {
  return typeof given === 'object' && given !== null && RUN in given;
}
