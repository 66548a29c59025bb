/**
 * Electron: the database belongs to the main process; pages ask it by messages, for named things and not for SQL. The client
 * library is brought along as an extra resource of the application, in the folder `kingbase`.
 *
 *     npx electron examples/electron/main.cjs
 */
'use strict';
const path = require('node:path');
const { app, BrowserWindow, ipcMain } = require('electron');
const { KingbaseError, open } = require('kingbase-native');

const db = open(process.env.KINGBASE_URL, {
  ...(app.isPackaged && { clientLibrary: { directory: path.join(process.resourcesPath, 'kingbase') } }),
  pool: { max: 2 },
  timeout: 10_000,
});

/** What pages can ask for. A page that shows foreign content must not be able to run any statement. */
const QUESTIONS = {
  'city:find': (name) => db.queryRow('SELECT $1::text AS name, length($1::text) AS length', [String(name)]),
  'server:info': async () => ({ version: (await db.serverInfo()).version }),
};

for (const [name, answer] of Object.entries(QUESTIONS)) {
  ipcMain.handle(name, async (_event, ...values) => {
    try {
      return { value: await answer(...values) };
    } catch (error) {
      // An error loses its class on its way to the page, so what the page needs is handed over as data.
      if (error instanceof KingbaseError)
        return {
          error: { code: error.code, text: error.explain(app.getLocale().startsWith('zh') ? 'zh' : 'en') },
        };
      throw error;
    }
  });
}

app.whenReady().then(() => {
  const window = new BrowserWindow({
    webPreferences: { preload: require.resolve('./preload.cjs'), sandbox: true, contextIsolation: true },
  });
  return window.loadFile(require.resolve('./index.html'));
});

app.on('window-all-closed', () => app.quit());

// The process waits until the statements have ended and the connections are closed.
app.once('will-quit', (event) => {
  event.preventDefault();
  db.close({ timeout: 5_000 }).finally(() => app.quit());
});
