import { ENVIRONMENT } from '../../config/index.js';
import { nearest } from '../../errors/nearest.js';
import { ExitCode } from '../exit-codes.js';
import { lines, same, text, type Text } from '../words.js';
import type { Check } from './step.js';

/** What the driver reads, besides the variables that stand for options. */
const DRIVER = [
  'KINGBASE_URL',
  'KINGBASE_MIN_SSLMODE',
  'KINGBASE_CLIENT_LIBRARY',
  'KINGBASE_CLIENT_DIR',
  'KINGBASE_HOME',
  'KINGBASE_NATIVE_ADDON',
  'KINGBASE_NATIVE_NO_DEEPBIND',
  'KINGBASE_NATIVE_LOOP_WATCH',
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

/** What people call variables that have another name here. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ['KINGBASE_DSN', 'KINGBASE_URL'],
  ['KINGBASE_URI', 'KINGBASE_URL'],
  ['KINGBASE_CONNECTION_STRING', 'KINGBASE_URL'],
  ['KINGBASE_USERNAME', 'KINGBASE_USER'],
  ['KINGBASE_DB', 'KINGBASE_DATABASE'],
  ['KINGBASE_PASS', 'KINGBASE_PASSWORD'],
  ['KINGBASE_PWD', 'KINGBASE_PASSWORD'],
]);

/** Variables of the library that the driver refuses, since no value can be passed against them. */
const REFUSED = /^(PG|KCI)(SERVICE|REQUIREAUTH)$/;

/** Variables of the library that change the session, not where, as whom or how safely it connects. */
const OF_THE_SESSION = /^(PG|KCI|KINGBASE_)(TZ|DATESTYLE|GEQO)$/;

/** Other variables of the library: the driver passes something against each that the loaded library lists. */
const OVERRIDDEN =
  /^(PG|KCI)(HOST|HOSTADDR|PORT|USER|PASSWORD|PASSFILE|DATABASE|OPTIONS|APPNAME|SSL[A-Z]+|REQUIREPEER|REQUIRESSL|GSS[A-Z]+|KRBSRVNAME|CHANNELBINDING|TARGETSESSIONATTRS|CONNECT_TIMEOUT|CLIENTENCODING|(?:MIN|MAX)PROTOCOLVERSION)$/;

/** Variables whose value can hold no secret, even by a slip, if it looks like this. */
const SHOWN: ReadonlyMap<string, RegExp> = new Map([
  ...[
    'PORT',
    'CONNECT_TIMEOUT',
    'SSLMODE',
    'MIN_SSLMODE',
    'TARGETSESSIONATTRS',
    'CHANNELBINDING',
    'GSSENCMODE',
  ].map((name): [string, RegExp] => [`KINGBASE_${name}`, /^(?:\d{1,6}|[a-z]{2,10}(?:-[a-z]{2,7}){0,2})$/]),
  ...['CLIENT_LIBRARY', 'CLIENT_DIR', 'HOME', 'NATIVE_ADDON'].map((name): [string, RegExp] => [
    `KINGBASE_${name}`,
    /^(?:\/|[A-Za-z]:\\)[^@?=;]{0,200}$/,
  ]),
]);

const LINKER = ['LD_LIBRARY_PATH', 'LD_PRELOAD', 'DYLD_LIBRARY_PATH', 'OPENSSL_CONF'];

/** Variables that change how a connection is made. */
export function environmentCheck(environment: NodeJS.ProcessEnv): Check {
  return {
    id: 'environment',
    title: text('Environment', '环境变量'),
    exitCode: ExitCode.local,
    run: () => {
      const known = [...ENVIRONMENT.keys(), ...DRIVER];
      const set = Object.keys(environment)
        .filter((name) => environment[name])
        .sort();
      const read = set.filter((name) => known.includes(name));
      const concerns: { words: Text; remedy: Text }[] = [];
      const notes: Text[] = read.map((name) => same(`${name}=${shown(name, environment[name] ?? '')}`));

      for (const name of set) {
        const meant =
          /^KINGBASE_/.test(name) && ![...known, ...ELSEWHERE].includes(name)
            ? (OTHER_NAMES.get(name) ?? nearest(name, known))
            : undefined;
        if (meant !== undefined) {
          concerns.push({
            words: text(`${name} means nothing to the driver.`, `驱动不识别 ${name}。`),
            remedy: text(`Was ${meant} meant?`, `是否应为 ${meant}？`),
          });
        }
        if (REFUSED.test(name)) {
          concerns.push({
            words: text(
              `${name} is set: a client library that reads it would connect by it, so the driver refuses to connect.`,
              `设置了 ${name}：读取它的客户端库会据此连接，因此驱动拒绝连接。`,
            ),
            remedy: text(
              `Unset ${name}, and say in the configuration what it says.`,
              `请取消 ${name}，并在配置中给出相应选项。`,
            ),
          });
        } else if (OF_THE_SESSION.test(name)) {
          concerns.push({
            words: text(
              `${name} is set: client libraries that read it change the session by it.`,
              `设置了 ${name}：读取它的客户端库会据此改变会话设置。`,
            ),
            remedy: text(
              `Give the option options ("-c name=value") instead of ${name}: it means the same with every library.`,
              `请改用 options 选项（"-c 名称=值"）代替 ${name}，它在各版本的库中含义一致。`,
            ),
          });
        } else if (OVERRIDDEN.test(name)) {
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

/**
 * Reports are pasted into issues. A connection string in the place of a host is a usual slip, so that a value is shown
 * only where it looks like what belongs there and that is harmless.
 */
function shown(name: string, value: string): string {
  return SHOWN.get(name)?.test(value) === true ? value : '…';
}
