export { ArrayParameters } from './array-parameter.js';
export { COPY_TRAILER, CopyRows, hasBinaryForm, type CopyFormat } from './copy-rows.js';
export { FieldRows } from './field-rows.js';
export {
  copyText,
  isOtherTable,
  unnestText,
  valuesText,
  whatIsWrittenFor,
  type ConflictRule,
  type InsertTarget,
} from './insert-text.js';
export { badRow, badValue, copyPlace, isFaultOfRow, kindOfValue, placed, rowIndexOf } from './row-error.js';
export { kindOfRow } from './row-loops.js';
export { chooseStrategy, type BatchStrategy, type Choice } from './strategy.js';
export {
  CHECK_TABLE,
  chosenColumns,
  fingerprintOf,
  READ_TABLE,
  readTable,
  type Table,
  type TableColumn,
} from './table.js';
