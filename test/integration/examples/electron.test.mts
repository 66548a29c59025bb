import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { expect, inject, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../../..');

// Electron itself is not run: `electron` is a stand-in that asks as a page would, and then closes the window.
const STAND_IN = `
const { EventEmitter } = require('node:events');
const Module = require('node:module');
const handlers = new Map();
class App extends EventEmitter {
  isPackaged = false;
  getLocale() { return 'zh-CN'; }
  async whenReady() {}
  quit() {
    let prevented = false;
    this.emit('will-quit', { preventDefault() { prevented = true; } });
    if (!prevented) process.exit(0);
  }
}
const app = new App();
const ask = (name, ...values) => handlers.get(name)({}, ...values);
class BrowserWindow {
  constructor({ webPreferences }) { console.log('sandbox', webPreferences.sandbox); }
  async loadFile() {
    console.log((await ask('city:find', '杭州')).value);
    console.log(typeof (await ask('server:info')).value.version);
    console.log(handlers.size);
    app.emit('window-all-closed');
  }
}
const electron = { app, BrowserWindow, ipcMain: { handle: (name, answer) => handlers.set(name, answer) } };
const load = Module._load;
Module._load = (name, ...rest) => (name === 'electron' ? electron : load(name, ...rest));
require(process.argv[1]);
`;

it('answers what pages ask, and ends with the window', async () => {
  const { host, port, user, database } = inject('server');
  const child = spawn(process.execPath, ['-e', STAND_IN, path.join(root, 'examples/electron/main.cjs')], {
    env: {
      PATH: process.env['PATH'],
      KINGBASE_URL: `kingbase://${user}@${host}:${port}/${database}`,
      KINGBASE_CLIENT_LIBRARY: inject('libraries')[0]!.path,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 20_000,
  });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (printed += text));
  expect((await once(child, 'close'))[0], printed).toBe(0);
  expect(printed).toBe("sandbox true\n{ name: '杭州', length: 2 }\nstring\n2\n");
});
