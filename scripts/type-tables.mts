/**
 * Writes the tables of KingbaseES's own types into docs/kingbase-modes.md and its Chinese twin, from the entries of
 * lib/types/families. Run it after a change to those: `node --import tsx scripts/type-tables.mts`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import type { Certainty, Reading } from '../lib/types/families/family.js';
import { VENDOR_TYPES } from '../lib/types/oids.js';

type Words = { head: string[]; reads: Record<Reading, string>; certainty: Record<Certainty, string> };

const ENGLISH: Words = {
  head: ['type', 'modes', 'OID', 'in JavaScript', 'how sure', 'remark'],
  reads: {
    text: 'string',
    integer: 'number',
    bigint: 'as int8: bigint',
    float: 'number',
    numeric: 'as numeric: string',
    boolean: 'boolean',
    bytes: 'Buffer',
    day: 'as date: string',
    wallClock: 'as timestamp: Date',
    instant: 'Date',
    json: 'the parsed value',
    unsigned64: 'as int8: bigint',
    bit: 'boolean',
    prefixedBytes: 'Buffer',
    fineWallClock: 'as timestamp: Date',
  },
  certainty: { seen: 'seen by others', vendor: 'vendor', said: 'said' },
};

const CHINESE: Words = {
  head: ['类型', '模式', 'OID', '在 JavaScript 中', '可信程度', '说明'],
  reads: {
    text: '字符串',
    integer: 'number',
    bigint: '同 int8：bigint',
    float: 'number',
    numeric: '同 numeric：字符串',
    boolean: 'boolean',
    bytes: 'Buffer',
    day: '同 date：字符串',
    wallClock: '同 timestamp：Date',
    instant: 'Date',
    json: '解析后的值',
    unsigned64: '同 int8：bigint',
    bit: 'boolean',
    prefixedBytes: 'Buffer',
    fineWallClock: '同 timestamp：Date',
  },
  certainty: { seen: '他人实测', vendor: '厂商资料', said: '仅见于代码' },
};

function table({ head, reads, certainty }: Words): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rows = VENDOR_TYPES.map((type) =>
    row([
      `\`${type.name}\``,
      type.modes,
      type.numbers,
      reads[type.reads],
      certainty[type.certainty],
      type.note ?? '',
    ]),
  );
  return [row(head), row(head.map(() => '---')), ...rows].join('\n');
}

for (const [file, words] of [
  ['docs/kingbase-modes.md', ENGLISH],
  ['docs/kingbase-modes.zh-CN.md', CHINESE],
] as const) {
  const text = readFileSync(file, 'utf8');
  const written = text.replace(
    /(<!-- types -->)[^]*(<!-- end of types -->)/,
    (_all, before: string, after: string) => `${before}\n\n${table(words)}\n\n${after}`,
  );
  const style = await resolveConfig(file);
  const formatted = await format(written, { ...style, parser: 'markdown', proseWrap: 'preserve' });
  if (process.argv.includes('--check')) {
    if (formatted !== text)
      throw new Error(`${file} does not have the types as they are: run this without --check.`);
  } else {
    writeFileSync(file, formatted);
  }
}
