/**
 * Egg: a plugin that opens the database for each worker process, as `app.kingbase`. In the application's config/plugin.js:
 *
 *     exports.kingbase = { enable: true, path: path.join(__dirname, '../lib/plugin/egg-kingbase') };
 *
 * and in its config/config.prod.js: `exports.kingbase = { url: process.env.KINGBASE_URL, options: { pool: { max: 5 } } }`.
 */
'use strict';
const { open } = require('kingbase-native');

module.exports = class KingbaseBoot {
  constructor(app) {
    this.app = app;
  }

  configWillLoad() {
    const { url, options } = this.app.config.kingbase;
    this.app.kingbase = open(url, options);
  }

  /** Before requests are taken: a worker that cannot reach its database fails at its start, and not at its first request. */
  async willReady() {
    await this.app.kingbase.ping({ timeout: 5_000 });
  }

  async beforeClose() {
    await this.app.kingbase.close({ timeout: 5_000 });
  }
};
