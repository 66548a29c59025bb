import type { ResolvedConfig } from '../../config/index.js';
import { UsageError } from '../../errors/index.js';
import { ExitCode } from '../exit-codes.js';
import { candidatesCheck } from '../libraries.js';
import { text } from '../words.js';
import { hostLabel, newRoute, resolveCheck, tcpCheck } from './addresses.js';
import { authenticationOutcome } from './authentication.js';
import { configurationCheck, type Given } from './configuration.js';
import { memberChecks } from './members.js';
import { environmentCheck } from './environment.js';
import { filesCheck } from './files.js';
import { libraryFiles, tlsSettings } from './library-files.js';
import type { LibraryProcess } from './library-client.js';
import { Loading, nodeCheck, platformCheck } from './machine.js';
import { sessionChecks } from './session.js';
import { startupCheck, type StartupState } from './startup.js';
import type { Check, Outcome } from './step.js';
import { tlsCheck, type TlsState } from './tls.js';

/** ms where the configuration sets no limit (connectTimeout=0): a diagnosis must come to an end. */
const LIMIT = 10_000;

/** Everything that is looked at, in the order in which a connection comes about. */
export function checklist(
  given: Given,
  config: ResolvedConfig | UsageError,
  library: LibraryProcess,
): Check[] {
  const { environment } = given;
  const options = config instanceof UsageError ? {} : config.clientLibrary;
  const candidates = candidatesCheck(options, environment);
  // With a configuration that cannot be read, the library is still looked at.
  const loading = new Loading(
    () =>
      library.request(
        'load',
        config instanceof UsageError ? { config: {}, overrides: {} } : processConfig(given),
      ),
    candidates,
  );
  const configuration = configurationCheck(given, config);
  const machine = [
    platformCheck,
    nodeCheck,
    loading.addonCheck,
    candidates,
    loading.libraryCheck,
    configuration,
    environmentCheck(environment),
  ];
  if (config instanceof UsageError) return machine;

  const readFiles = (): ReturnType<typeof libraryFiles> => libraryFiles(config, loading.library, environment);
  const files = filesCheck(readFiles, config);
  const routes = config.hosts.map((host) => hostChecks(host, config, readFiles, loading, [configuration]));
  const local = [loading.libraryCheck, configuration];
  const ready = routes.map((route) => route.ready);
  const login: { outcome: Outcome | undefined } = { outcome: undefined };
  const session = sessionChecks(library, config, () => loading.library, local, ready, login);
  return [
    ...machine,
    files,
    ...routes.flatMap(({ checks }) => checks),
    ...session,
    ...memberChecks(library, config, login, local, ready),
  ];
}

function processConfig({ connection, overrides }: Given): { config: string | object; overrides: object } {
  return {
    config: connection ?? {},
    // One connection, and nothing behind its back: what is measured is what was asked for.
    overrides: { ...overrides, pool: { max: 1, heartbeatInterval: 0, idleTimeout: 0, acquireTimeout: 0 } },
  };
}

/** The checks of one host, and the one that must go well before a login is tried. */
function hostChecks(
  host: ResolvedConfig['hosts'][number],
  config: ResolvedConfig,
  readFiles: () => ReturnType<typeof libraryFiles>,
  loading: Loading,
  needs: readonly Check[],
): { checks: Check[]; ready: Check } {
  if (host.host === '' || host.host.startsWith('@')) {
    const left = leftToLibrary(hostLabel(host), needs);
    return { checks: [left], ready: left };
  }
  const route = newRoute(host, config.connectTimeout === 0 ? LIMIT : config.connectTimeout);
  const tls: TlsState = {
    // Where files are looked for depends on the library, which is loaded by the time this is asked.
    get settings() {
      return tlsSettings(config, readFiles());
    },
    offered: false,
    verified: false,
    demand: undefined,
  };
  const asked: StartupState = { request: undefined };
  const resolve = resolveCheck(route, needs);
  const tcp = tcpCheck(route, [resolve]);
  const encryption = tlsCheck(route, tls, [tcp]);
  const { user, database } = config;
  const startup = startupCheck(route, tls, { user, database }, asked, [encryption]);
  const authentication: Check = {
    id: 'authentication',
    subject: hostLabel(host),
    title: text('Authentication', '认证方式'),
    exitCode: ExitCode.login,
    needs: [startup, loading.libraryCheck],
    run: (): Outcome => {
      const { library } = loading;
      if (asked.request === undefined || library === undefined) {
        throw new Error('The checks before this one give the request and the library.');
      }
      return authenticationOutcome(asked.request, library, config.user);
    },
  };
  // A library that cannot answer the server is given its chance nevertheless: its own words settle it.
  return { checks: [resolve, tcp, encryption, startup, authentication], ready: startup };
}

function leftToLibrary(subject: string, needs: readonly Check[]): Check {
  return {
    id: 'resolve',
    subject,
    title: text('Host name', '主机名解析'),
    exitCode: ExitCode.network,
    needs,
    run: () => ({
      status: 'ok',
      finding: text(
        'Only the client library knows the way (a service file, or an abstract Unix socket): nothing is tried before the login.',
        '只有客户端库知道如何连接（服务文件或抽象 Unix 域套接字），登录之前不做检查。',
      ),
    }),
  };
}
