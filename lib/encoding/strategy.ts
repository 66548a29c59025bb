import { UsageError } from '../errors/index.js';
import type { TypeMap } from '../types/type-map.js';
import { hasBinaryForm } from './copy-rows.js';
import type { Table, TableColumn } from './table.js';

/**
 * How rows go to the server: by COPY … FROM STDIN; by one INSERT with an array for each column; by an INSERT with many
 * rows of VALUES; by one INSERT whose Bind message holds many rows.
 */
export type BatchStrategy = 'copy' | 'unnest' | 'values' | 'bind';

export interface Choice {
  strategy: BatchStrategy;
  reason: string;
}

export interface Circumstances {
  asked: BatchStrategy | 'auto';
  /** Undefined where the server does not say. */
  table: Table | undefined;
  /** The same; and where one of the columns is not there. */
  columns: readonly TableColumn[] | undefined;
  /** The option that COPY cannot serve, if one is used. */
  needsInsert: 'returning' | 'onConflict' | undefined;
  /** Whether all of the rows are few. */
  few: boolean;
  types: TypeMap;
}

/** @throws UsageError `KB_BAD_OPTION` where the strategy that was asked for cannot do what is needed */
export function chooseStrategy(circumstances: Circumstances): Choice {
  const { asked, columns, needsInsert, types } = circumstances;
  if (asked === 'auto') return choose(circumstances);
  if (asked === 'copy' && needsInsert !== undefined) {
    throw refusal(`The strategy "copy" cannot be used with the option "${needsInsert}".`, 'auto', 'unnest');
  }
  const obstacle = asked === 'unnest' ? whyNoArrays(columns, types) : undefined;
  if (obstacle !== undefined)
    throw refusal(`The strategy "unnest" cannot be used: ${obstacle}.`, 'auto', 'values');
  return { strategy: asked, reason: 'It was asked for.' };
}

function choose({ table, columns, needsInsert, few, types }: Circumstances): Choice {
  if (table === undefined)
    return { strategy: 'values', reason: `The server's catalogue does not tell the columns' types.` };
  if (columns === undefined)
    return { strategy: 'values', reason: 'The table has no such column, by its catalogue.' };
  const why = whyNoCopy(table, columns, needsInsert);
  const obstacle = whyNoArrays(columns, types);
  if (why !== undefined) {
    return obstacle === undefined
      ? { strategy: 'unnest', reason: `Not COPY, because ${why}.` }
      : { strategy: 'values', reason: `Not COPY, because ${why}; not unnest, because ${obstacle}.` };
  }
  if (few && obstacle === undefined) {
    return { strategy: 'unnest', reason: 'The rows are few: one statement is quicker than a COPY.' };
  }
  const format = hasBinaryForm(columns) ? 'binary' : 'text';
  return { strategy: 'copy', reason: `COPY in ${format} is the quickest for these columns.` };
}

function whyNoCopy(
  table: Table,
  columns: readonly TableColumn[],
  needsInsert: Circumstances['needsInsert'],
): string | undefined {
  if (needsInsert !== undefined) return `it has nothing like the option "${needsInsert}"`;
  if (table.noCopy !== undefined) return table.noCopy;
  const generated = columns.find(({ name }) => table.generated.has(name));
  return generated === undefined
    ? undefined
    : `it would fill the column "${generated.name}", which is generated always`;
}

function whyNoArrays(columns: readonly TableColumn[] | undefined, types: TypeMap): string | undefined {
  if (columns === undefined) return 'the types of the columns are not known';
  const column = columns.find(
    ({ array }) => array !== undefined && types.serializerFor(array.oid) !== undefined,
  );
  return column === undefined
    ? undefined
    : `arrays for the column "${column.name}" have a serializer of their own`;
}

function refusal(message: string, ...instead: string[]): UsageError {
  return new UsageError('KB_BAD_OPTION', message, {
    hint: `Use ${instead.map((name) => `strategy: '${name}'`).join(' or ')}.`,
  });
}
