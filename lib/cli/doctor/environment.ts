import { ENVIRONMENT } from '../../config/index.js';
import { nearest } from '../../errors/nearest.js';
import { ExitCode } from '../exit-codes.js';
import { lines, same, text, type Text } from '../words.js';
import type { Check } from './step.js';

/** What the driver reads, besides the variables that stand for options. */
const DRIVER = [
  'KINGBASE_SERVICE',
  'KINGBASE_CLIENT_LIBRARY',
  'KINGBASE_CLIENT_DIR',
  'KINGBASE_HOME',
  'KINGBASE_NATIVE_ADDON',
  'KINGBASE_NATIVE_NO_DEEPBIND',
  'KINGBASE_NATIVE_PORTABLE_WAIT',
  'KINGBASE_NATIVE_PREBUILD',
];

/** What client libraries, the server or the vendor's tools read: not misspellings of the above. */
const ELSEWHERE = [
  'KINGBASE_DATA',
  'KINGBASE_TTY',
  'KINGBASE_TZ',
  'KINGBASE_GEQO',
  'KINGBASE_DATESTYLE',
  'KINGBASE_CLIENTENCODING',
  'KINGBASE_REQUIRESSL',
  'KINGBASE_SERVICEFILE',
  'KINGBASE_SYSCONFDIR',
  'KINGBASE_CONFDIR',
];

/** Variables of the library that have an effect although the driver passes its own keywords, and the option for each. */
const STILL_READ: readonly (readonly [RegExp, string])[] = [
  [/^(PG|KCI)SSLROOTCERT$/, 'sslrootcert'],
  [/^(PG|KCI)SSLCERT$/, 'sslcert'],
  [/^(PG|KCI)SSLKEY$/, 'sslkey'],
  [/^(PG|KCI)SSLCRL$/, 'sslcrl'],
  [/^PGOPTIONS$/, 'options'],
  [/^(PG|KCI)PASSFILE$/, 'passfile'],
  [/^(PG|KCI)REQUIREPEER$/, 'requirepeer'],
];

const LINKER = ['LD_LIBRARY_PATH', 'LD_PRELOAD', 'DYLD_LIBRARY_PATH', 'OPENSSL_CONF'];

/** Variables that change how a connection is made. `given` are the keywords that the configuration sets itself. */
export function environmentCheck(
  environment: NodeJS.ProcessEnv,
  given: Readonly<Record<string, string>>,
): Check {
  return {
    id: 'environment',
    title: text('Environment', '环境变量'),
    exitCode: ExitCode.local,
    run: () => {
      const known = [...Object.keys(ENVIRONMENT), ...DRIVER];
      const set = Object.keys(environment)
        .filter((name) => environment[name])
        .sort();
      const read = set.filter((name) => known.includes(name));
      const concerns: { words: Text; remedy: Text }[] = [];
      const notes: Text[] = read.map((name) => same(`${name}=${shown(name, environment[name] ?? '')}`));

      for (const name of set) {
        const meant =
          /^KINGBASE_/.test(name) && ![...known, ...ELSEWHERE].includes(name)
            ? nearest(name, known)
            : undefined;
        if (meant !== undefined) {
          concerns.push({
            words: text(`${name} means nothing to the driver.`, `驱动不识别 ${name}。`),
            remedy: text(`Was ${meant} meant?`, `是否应为 ${meant}？`),
          });
        }
        const option = STILL_READ.find(([pattern]) => pattern.test(name))?.[1];
        if (option !== undefined && given[option] === undefined) {
          concerns.push({
            words: text(
              `${name} is read by some client libraries and not by others.`,
              `${name} 只有部分客户端库会读取。`,
            ),
            remedy: text(
              `Give the option ${option} instead of ${name}: it means the same with every library.`,
              `请改用 ${option} 选项代替 ${name}，它在各版本的库中含义一致。`,
            ),
          });
        } else if (/^(KB|KCI|PG)(HOST|PORT|USER|PASSWORD|DATABASE|SSLMODE)$/.test(name)) {
          notes.push(
            text(`${name} is set; this driver does not use it.`, `设置了 ${name}，本驱动不使用它。`),
          );
        } else if (LINKER.includes(name)) {
          notes.push(
            text(
              `${name} is set; the driver does not need it, and it can bring in libraries of other versions.`,
              `设置了 ${name}；本驱动不需要它，它可能引入其他版本的库。`,
            ),
          );
        }
      }
      return {
        status: concerns.length > 0 ? 'warn' : 'ok',
        finding:
          read.length === 0
            ? text('None of the variables that the driver reads is set.', '没有设置驱动读取的变量。')
            : text(`The driver takes ${read.join(', ')} into account.`, `驱动会读取：${read.join('、')}。`),
        detail: lines(...notes, ...concerns.map(({ words }) => words)),
        remedy: lines(...concerns.map(({ remedy }) => remedy)),
        facts: { variables: read },
      };
    },
  };
}

function shown(name: string, value: string): string {
  return /PASSWORD|SECRET/.test(name) ? '…' : value;
}
