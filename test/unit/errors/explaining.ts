/** Errors to be explained. */
import { DatabaseError, KingbaseError, type KingbaseErrorCode } from '../../../lib/errors/index.js';

export const HAN = /\p{Script=Han}/u;
export const SECRET = 's3cret';

export const error = (code: string, message = 'm', extra: object = {}): KingbaseError =>
  Object.assign(new KingbaseError(code as KingbaseErrorCode, message), extra);

export const database = (fields: Record<string, string>): DatabaseError =>
  DatabaseError.fromFields({ S: 'ERROR', V: 'ERROR', M: 'm', ...fields });

export const headline = (of: KingbaseError, language: 'en' | 'zh' = 'en'): string =>
  of.explain(language).split('\n', 1)[0] ?? '';
