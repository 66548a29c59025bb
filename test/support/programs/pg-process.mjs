// Does something by pg's module or by the one that stands in for it, and tells whether the process ends by itself.
import { createRequire } from 'node:module';

const { module, config, way } = JSON.parse(process.argv[2]);
const { Client, Pool } = createRequire(import.meta.url)(module);
const told = [];
process.on('exit', () => console.log(JSON.stringify({ told })));
// Fires only where something else keeps the process alive.
setTimeout(() => {
  told.push('stayed');
  process.exit(0);
}, 1500).unref();

const ways = {
  async connected() {
    const client = new Client(config);
    await client.connect();
    await client.query('listen something');
  },
  async unreferenced() {
    const client = new Client(config);
    await client.connect();
    client.unref();
  },
  async referencedAgain() {
    const client = new Client(config);
    await client.connect();
    client.unref();
    client.ref();
  },
  async ended() {
    const client = new Client(config);
    await client.connect();
    await client.end();
  },
  async idlePool() {
    const pool = new Pool({ ...config, idleTimeoutMillis: 0 });
    await pool.query('select 1');
  },
  async idlePoolMayExit() {
    const pool = new Pool({ ...config, allowExitOnIdle: true });
    await pool.query('select 1');
    pool.on('remove', () => told.push('remove'));
  },
  async lentMayExit() {
    const pool = new Pool({ ...config, allowExitOnIdle: true });
    await pool.query('select 1');
    await pool.connect();
  },
  async idleUntilRemoved() {
    const pool = new Pool({ ...config, idleTimeoutMillis: 50 });
    pool.on('remove', () => told.push('remove'));
    await pool.query('select 1');
  },
};
await ways[way]();
told.push('done');
